extension PlanView {
  /// nil: silent. (Until the compiler writes sound, every plan is.)
  public var sound: SoundPlan? { nil }
}

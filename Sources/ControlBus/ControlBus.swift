// ControlBus

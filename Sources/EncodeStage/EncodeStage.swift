// EncodeStage

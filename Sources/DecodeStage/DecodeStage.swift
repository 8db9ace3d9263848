// DecodeStage

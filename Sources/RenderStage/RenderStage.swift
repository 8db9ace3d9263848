// RenderStage

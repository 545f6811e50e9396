namespace LongContext.Models.Quantization;

/// <summary>How far quantising a model is.</summary>
/// <param name="Name">The matrix that was done last.</param>
/// <param name="Done">Matrices done.</param>
/// <param name="Total">Matrices to do.</param>
public sealed record QuantizationProgress(string Name, int Done, int Total);

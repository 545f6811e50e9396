namespace LongContext.Models;

/// <summary>How a family's RMS norms compute.</summary>
/// <param name="Epsilon">ε under the root.</param>
/// <param name="WeightOffset">Added to the weight: 1 for Gemma, whose checkpoints hold w − 1.</param>
/// <param name="WeightInFloat32">Whether half types are multiplied by the weight before they are rounded, not after.</param>
internal sealed record NormShape(double Epsilon, double WeightOffset = 0, bool WeightInFloat32 = false);

namespace LongContext.Models.Quantization;

/// <summary>What quantising did to a matrix.</summary>
/// <param name="Name">The weight's name.</param>
/// <param name="Bytes">Bytes of codes and scales in memory.</param>
/// <param name="WeightError">‖W − Q‖ / ‖W‖, Frobenius norms; 0 for a matrix of zeros.</param>
/// <param name="OutputError">
/// ‖(W − Q)X‖ / ‖WX‖ over the calibration's inputs X; null where there were none. For <see cref="QuantizationMethod.Gptq"/>.
/// </param>
/// <param name="RoundedOutputError">The same if each value had been rounded to its nearest; null where there were no inputs.</param>
public sealed record QuantizedMatrix(string Name, long Bytes, double WeightError, double? OutputError = null, double? RoundedOutputError = null);

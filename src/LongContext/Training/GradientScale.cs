using static TorchSharp.torch;

namespace LongContext.Training;

/// <summary>
/// What the loss is multiplied by on its way back through a float16 model, a power of two by which the sums of gradients, kept in float32, are divided again (Micikevicius et al. 2018,
/// arXiv:1710.03740, §3.2).
/// </summary>
/// <remarks>
/// float16's smallest number is 6e-8: one token's share of a step of 100,000 targets is mostly below it, and would be lost without a word. The number of targets as the scale makes
/// every step's numbers those of a step with one. bfloat16 has float32's range and needs none.
/// </remarks>
internal static class GradientScale
{
    /// <summary>How much less is tried where a gradient leaves float16's range, and how often: down to 2⁻¹⁶ of the first.</summary>
    private const double Less = 1.0 / 16;
    private const int Tries = 5;

    /// <summary>The scale, a power of two.</summary>
    /// <param name="type">The type that gradients pass through layers in.</param>
    /// <param name="normalizer">What the step's losses are divided by, above 0.</param>
    public static double Of(ScalarType type, double normalizer) => type == ScalarType.Float16 ? Math.ScaleB(1, Math.ILogB(normalizer)) : 1;

    /// <summary>The scales to try one after the other, until the gradient is finite.</summary>
    /// <inheritdoc cref="Of" path="/param"/>
    public static IEnumerable<double> Scales(ScalarType type, double normalizer)
    {
        double scale = Of(type, normalizer);
        for (int i = 0; i < (type == ScalarType.Float16 ? Tries : 1); i++, scale *= Less) yield return scale;
    }
}

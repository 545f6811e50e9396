using LongContext.Packing;
using static TorchSharp.torch;

namespace LongContext.Training;

/// <summary>
/// What the loss is multiplied by on its way back through a float16 model, a power of two by which the sums of gradients, kept in float32, are divided again (Micikevicius et al. 2018,
/// arXiv:1710.03740, §3.2).
/// </summary>
/// <remarks>
/// float16's smallest number is 6e-8: one token's share of a step of 100,000 targets is mostly below it, and would be lost without a word. The number of targets as the scale makes
/// every step's numbers those of a step with one, however the loss is weighted: the mean factor of a target is 1. bfloat16 has float32's range and needs none.
/// </remarks>
internal static class GradientScale
{
    /// <summary>How much less is tried where a gradient leaves float16's range, and how often: down to 2⁻¹⁶ of the first.</summary>
    private const double Less = 1.0 / 16;
    private const int Tries = 5;

    /// <summary>The scales to try one after the other, until the gradient is finite: powers of two.</summary>
    /// <param name="type">The type that gradients pass through layers in.</param>
    /// <param name="packs">The step's; at least one target.</param>
    public static IEnumerable<double> Scales(ScalarType type, PackedBatch[] packs)
    {
        double scale = type == ScalarType.Float16 ? PowerOfTwo(packs.Sum(pack => (double)pack.TargetCount)) : 1;
        for (int i = 0; i < (type == ScalarType.Float16 ? Tries : 1); i++, scale *= Less) yield return scale;
    }

    /// <summary>The scale where there is one try: no target has a larger factor than 1, though its sequence be short and the others long.</summary>
    /// <param name="type">The type that gradients pass through layers in.</param>
    /// <param name="pack">The step's only one.</param>
    public static double OfOneTry(ScalarType type, PackedBatch pack)
    {
        if (type != ScalarType.Float16) return 1;
        float largest = 0;
        foreach (float weight in pack.LossWeights.Span) largest = Math.Max(largest, weight);
        return PowerOfTwo(pack.LossNormalizer / largest);
    }

    /// <summary>The largest that is not above a number.</summary>
    private static double PowerOfTwo(double number) => Math.ScaleB(1, Math.ILogB(number));
}

using System.Text;
using LongContext.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Adapters;

/// <summary>A mask of dropout: kept values grow by 1/(1 − p), so that the mean stays.</summary>
/// <remarks>
/// Drawn from the step's seed and the map's name alone, so that a forward computed again, on whatever thread and in whatever order,
/// drops the same values.
/// </remarks>
internal sealed class LoraDropout
{
    private readonly Tensor factors_TI;

    private LoraDropout(Tensor factors_TI) => this.factors_TI = factors_TI;

    /// <summary>The mask of inputs; null where nothing is dropped.</summary>
    public static LoraDropout? Draw(double probability, ulong? seed, string module, Tensor x_TI)
    {
        if (probability == 0 || seed is not { } given) return null;
        using var noGradient = no_grad();
        using var generator = new Generator(Mix(given ^ Hash(module)), x_TI.device);
        Tensor draws_TI = rand(x_TI.shape, dtype: ScalarType.Float32, device: x_TI.device, generator: generator);
        using Scalar threshold = probability.ToScalar();
        return new LoraDropout(draws_TI.ge(threshold).to(x_TI.dtype).Times(1 / (1 - probability)));
    }

    /// <summary>x with the mask's values dropped; also what the gradient of x̃ becomes for x.</summary>
    public Tensor Apply(Tensor x_TI) => x_TI * factors_TI;

    /// <summary>FNV-1a: a string's own hash code differs from run to run.</summary>
    private static ulong Hash(string name)
    {
        ulong hash = 14695981039346656037;
        foreach (byte value in Encoding.UTF8.GetBytes(name)) hash = (hash ^ value) * 1099511628211;
        return hash;
    }

    /// <summary>SplitMix64's finaliser: neighbouring seeds give unlike ones.</summary>
    private static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}

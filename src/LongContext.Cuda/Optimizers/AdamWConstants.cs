using System.Runtime.InteropServices;

namespace LongContext.Cuda.Optimizers;

/// <summary>The numbers of one AdamW update in float32, each computed in double first. As Kernels/Optimizers/parameters.cuh has them.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AdamWConstants
{
    public float Beta1;
    public float OneMinusBeta1;
    public float Beta2;
    public float OneMinusBeta2;
    public float Epsilon;

    /// <summary>rate / (1 − β1ᵗ).</summary>
    public float StepSize;

    /// <summary>√(1 − β2ᵗ).</summary>
    public float RootOfCorrection2;

    /// <summary>rate · decay.</summary>
    public float Decay;

    /// <summary>Of the <paramref name="update"/>-th update, counted from 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An update below 1.</exception>
    public static AdamWConstants Of(double beta1, double beta2, double epsilon, long update, double rate, double weightDecay)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(update);
        return new AdamWConstants
        {
            Beta1 = (float)beta1,
            OneMinusBeta1 = (float)(1 - beta1),
            Beta2 = (float)beta2,
            OneMinusBeta2 = (float)(1 - beta2),
            Epsilon = (float)epsilon,
            StepSize = (float)(rate / (1 - Math.Pow(beta1, update))),
            RootOfCorrection2 = (float)Math.Sqrt(1 - Math.Pow(beta2, update)),
            Decay = (float)(rate * weightDecay),
        };
    }
}

namespace LongContext.Cuda.Tests.Pointwise;

/// <summary>The normal distribution in double, by its series and continued fraction.</summary>
internal static class ErrorFunction
{
    public static double Bell(double x) => Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);

    /// <summary>Φ(x), to a relative 1e-14 in both tails.</summary>
    public static double Normal(double x)
    {
        double z = Math.Abs(x);
        if (z < 3)
        {
            double term = z, sum = z;
            for (int i = 1; i < 200; i++) sum += term *= z * z / ((2 * i) + 1);
            double part = Bell(z) * sum;
            if (x >= 0) return 0.5 + part;
            // What is left of ½ loses digits only where it is small, which begins at 3.
            return 0.5 - part;
        }

        double fraction = 0;
        for (int i = 200; i > 0; i--) fraction = i / (z + fraction);
        double tail = Bell(z) / (z + fraction);
        return x < 0 ? tail : 1 - tail;
    }
}

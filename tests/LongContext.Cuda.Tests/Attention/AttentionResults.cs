namespace LongContext.Cuda.Tests.Attention;

/// <summary>What forward and backward give: o and ∂q [tokens, heads, size], logSumExp [heads, tokens], ∂k and ∂v [keys, keyHeads, size].</summary>
internal sealed record AttentionResults(double[] O, double[] LogSumExp, double[] GradientQ, double[] GradientK, double[] GradientV)
{
    public static AttentionResults Zero(AttentionCase pack) => new(
        new double[pack.Tokens * pack.Heads * pack.HeadSize], new double[pack.Heads * pack.Tokens], new double[pack.Tokens * pack.Heads * pack.HeadSize],
        new double[pack.Keys * pack.KeyHeads * pack.HeadSize], new double[pack.Keys * pack.KeyHeads * pack.HeadSize]);

    /// <summary>
    /// Holds the results within twice the error of a plain computation of the same precision, both measured against the truth by their
    /// largest, and a floor: a thousandth of the rounding of the largest true value, for where the plain computation happens to be exact.
    /// </summary>
    public void AssertNear(AttentionResults truth, AttentionResults plain, AttentionCase pack)
    {
        Check("o", O, truth.O, plain.O);
        Check("∂q", GradientQ, truth.GradientQ, plain.GradientQ);
        Check("∂k", GradientK, truth.GradientK, plain.GradientK);
        Check("∂v", GradientV, truth.GradientV, plain.GradientV);
        for (int i = 0; i < LogSumExp.Length; i++)
        {
            double expected = truth.LogSumExp[i];
            Assert.True(
                double.IsNegativeInfinity(expected) ? double.IsNegativeInfinity(LogSumExp[i]) : Math.Abs(LogSumExp[i] - expected) <= 2e-6 * (4 + Math.Abs(expected)),
                $"{pack}: logSumExp[{i}] is {LogSumExp[i]}, expected {expected}");
        }

        void Check(string name, double[] found, double[] expected, double[] other)
        {
            double error = 0, otherError = 0, largest = 0;
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.True(double.IsFinite(found[i]), $"{pack}: {name}[{i}] is {found[i]}, expected {expected[i]}");
                error = Math.Max(error, Math.Abs(found[i] - expected[i]));
                otherError = Math.Max(otherError, Math.Abs(other[i] - expected[i]));
                largest = Math.Max(largest, Math.Abs(expected[i]));
            }

            double bound = (2 * otherError) + (1e-3 * SixteenBit.Roundoff(pack.Element) * Math.Max(largest, 1));
            Assert.True(error <= bound, $"{pack}: {name} errs by {error:E3}; the plain computation by {otherError:E3} with values up to {largest:F3}; bound {bound:E3}");
        }
    }
}

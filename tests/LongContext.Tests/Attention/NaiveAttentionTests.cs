namespace LongContext.Tests.Attention;

/// <summary>The oracle itself: its backward against finite differences of its forward, which is short enough to read.</summary>
public sealed class NaiveAttentionTests
{
    public static TheoryData<string> Cases() => ["primes", "soft cap, window, group", "more keys: a chunk", "not causal, window", "scale and soft cap"];

    [Theory, MemberData(nameof(Cases))]
    public void Run_Gradients_AreTheSlopesOfTheForward(string name)
    {
        AttentionCase call = AttentionCase.Grid[name];
        var random = new Random(7);
        double[] q = Values(call.QueryCount * call.HeadCount * call.HeadDimension), weights = Values(q.Length);
        double[] k = Values(call.KeyCount * call.KeyHeadCount * call.HeadDimension), v = Values(k.Length);
        NaiveAttention run = new NaiveAttention(call, q, k, v).Run(weights);

        foreach ((double[] input, double[] gradient) in new[] { (q, run.QueryGradient), (k, run.KeyGradient), (v, run.ValueGradient) })
        {
            for (int trial = 0; trial < 12; trial++)
            {
                const double Step = 1e-5;
                int i = random.Next(input.Length);
                double before = input[i];
                input[i] = before + Step;
                double above = Loss();
                input[i] = before - Step;
                double below = Loss();
                input[i] = before;
                Assert.Equal((above - below) / (2 * Step), gradient[i], 1e-7);
            }
        }

        double[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextDouble() * 2 - 1)];
        double Loss() => new NaiveAttention(call, q, k, v).Run().Output.Zip(weights, (output, weight) => output * weight).Sum();
    }
}

namespace LongContext.Cuda.Tests.Attention;

/// <summary>q, k, v and ∂o of a case, rounded to 16 bits: [tokens, heads, size].</summary>
internal sealed class AttentionTensors
{
    public AttentionTensors(AttentionCase pack, int seed = 1)
    {
        var random = new Random(seed);
        Q = Draw(pack.Tokens * pack.Heads, 1.5);
        K = Draw(pack.Keys * pack.KeyHeads, 1.5);
        V = Draw(pack.Keys * pack.KeyHeads, 1);
        GradientO = Draw(pack.Tokens * pack.Heads, 1);

        float[] Draw(int rows, double deviation)
        {
            float[] values = new float[rows * pack.HeadSize];
            for (int i = 0; i < values.Length; i++)
            {
                // Sum of four uniforms: near enough to a bell, bounded.
                double sum = random.NextDouble() + random.NextDouble() + random.NextDouble() + random.NextDouble() - 2;
                values[i] = SixteenBit.Round((float)(sum * deviation * 1.7), pack.Element);
            }

            return values;
        }
    }

    public float[] Q { get; }

    public float[] K { get; }

    public float[] V { get; }

    public float[] GradientO { get; }
}

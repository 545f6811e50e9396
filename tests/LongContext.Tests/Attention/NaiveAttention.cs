namespace LongContext.Tests.Attention;

/// <summary>
/// The definition in plain loops and float64, with its backward by hand: for each document, query and head the softmax of
/// cap · tanh(scale · q·k / cap) over the keys it sees, times v. Rows are [token, head, element] as in the kernels.
/// </summary>
internal sealed class NaiveAttention
{
    private readonly AttentionCase call;
    private readonly double[] q;
    private readonly double[] k;
    private readonly double[] v;

    public NaiveAttention(AttentionCase call, double[] q, double[] k, double[] v)
    {
        (this.call, this.q, this.k, this.v) = (call, q, k, v);
        Output = new double[q.Length];
        LogSumExp = new double[call.QueryCount * call.HeadCount];
        QueryGradient = new double[q.Length];
        KeyGradient = new double[k.Length];
        ValueGradient = new double[v.Length];
    }

    public double[] Output { get; }

    public double[] LogSumExp { get; }

    public double[] QueryGradient { get; }

    public double[] KeyGradient { get; }

    public double[] ValueGradient { get; }

    /// <summary>Output and log-sum-exp, and with ∂loss/∂output also the three gradients.</summary>
    public NaiveAttention Run(double[]? outputGradient = null)
    {
        int queryStart = 0, keyStart = 0;
        for (int document = 0; document < call.Lengths.Length; document++)
        {
            int queries = call.Lengths[document], keys = call.KeyLengthsOrOwn[document];
            for (int i = 0; i < queries; i++)
            {
                int[] visible = [.. Enumerable.Range(0, keys).Where(key => Sees(i + keys - queries, key)).Select(key => key + keyStart)];
                for (int head = 0; head < call.HeadCount; head++) Row(queryStart + i, head, visible, outputGradient);
            }

            queryStart += queries;
            keyStart += keys;
        }

        return this;
    }

    private bool Sees(int position, int key) =>
        (!call.Causal || key <= position) && (call.Window is not { } window || Math.Abs(position - key) < window);

    private void Row(int query, int head, int[] visible, double[]? outputGradient)
    {
        int size = call.HeadDimension, at = (query * call.HeadCount + head) * size;
        int KeyAt(int key) => (key * call.KeyHeadCount + head / call.Group) * size;

        // Scores before the cap, and after it.
        double[] raw = [.. visible.Select(key => call.ScaleOrDefault * Dot(q, at, k, KeyAt(key), size))];
        double[] scores = [.. raw.Select(x => call.SoftCap is { } cap ? cap * Math.Tanh(x / cap) : x)];
        double highest = scores.Length == 0 ? 0 : scores.Max(), sum = scores.Sum(x => Math.Exp(x - highest));
        LogSumExp[query * call.HeadCount + head] = highest + Math.Log(sum);
        double[] probabilities = [.. scores.Select(x => Math.Exp(x - highest) / sum)];
        for (int j = 0; j < visible.Length; j++)
        {
            for (int d = 0; d < size; d++) Output[at + d] += probabilities[j] * v[KeyAt(visible[j]) + d];
        }

        if (outputGradient is null) return;
        double[] products = [.. visible.Select(key => Dot(outputGradient, at, v, KeyAt(key), size))];
        double mean = probabilities.Zip(products, (p, x) => p * x).Sum();
        for (int j = 0; j < visible.Length; j++)
        {
            int keyAt = KeyAt(visible[j]);
            double slope = call.SoftCap is { } cap ? 1 - Math.Pow(Math.Tanh(raw[j] / cap), 2) : 1;
            double gradient = probabilities[j] * (products[j] - mean) * slope * call.ScaleOrDefault;
            for (int d = 0; d < size; d++)
            {
                ValueGradient[keyAt + d] += probabilities[j] * outputGradient[at + d];
                QueryGradient[at + d] += gradient * k[keyAt + d];
                KeyGradient[keyAt + d] += gradient * q[at + d];
            }
        }
    }

    private static double Dot(double[] a, int aAt, double[] b, int bAt, int size)
    {
        double sum = 0;
        for (int d = 0; d < size; d++) sum += a[aAt + d] * b[bAt + d];
        return sum;
    }
}

using System.Numerics;

namespace LongContext.Cuda.Tests.Attention;

/// <summary>
/// Attention by its definition, forward and backward: in float64 the truth, in float32 with weights and score gradients rounded to 16 bits the
/// plain computation of the same precision, which kernels are measured by.
/// </summary>
internal static class Definition
{
    public static AttentionResults Truth(AttentionCase pack, AttentionTensors tensors) => Compute<double>(pack, tensors, static x => x, static x => x);

    public static AttentionResults Plain(AttentionCase pack, AttentionTensors tensors) =>
        Compute<float>(pack, tensors, x => SixteenBit.Round(x, pack.Element), x => SixteenBit.Round(x, pack.Element));

    private static AttentionResults Compute<T>(AttentionCase pack, AttentionTensors tensors, Func<T, T> roundWeight, Func<T, T> roundResult)
        where T : struct, IFloatingPointIeee754<T>
    {
        int size = pack.HeadSize, heads = pack.Heads, keyHeads = pack.KeyHeads, tokens = pack.Tokens, headsPerKey = heads / keyHeads;
        T[] q = Convert(tensors.Q), k = Convert(tensors.K), v = Convert(tensors.V), gradientO = Convert(tensors.GradientO);
        T[] o = new T[q.Length], gradientQ = new T[q.Length], gradientK = new T[k.Length], gradientV = new T[k.Length], logSumExp = new T[heads * tokens];
        T scale = T.CreateChecked(pack.Shape.Scale), cap = T.CreateChecked(pack.Cap), one = T.One;
        int[] queryBorders = pack.QueryBorders, keyBorders = pack.KeyBorders;
        for (int d = 0; d < pack.QueryLengths.Length; d++)
        {
            var mask = pack.Mask(d);
            T[] weights = new T[mask.Keys], slopes = new T[mask.Keys], gradients = new T[mask.Keys];
            for (int head = 0; head < heads; head++)
            {
                int keyHead = head / headsPerKey;
                for (int query = 0; query < mask.Queries; query++)
                {
                    int token = queryBorders[d] + query, place = ((token * heads) + head) * size;
                    Span<T> qRow = q.AsSpan(place, size), oRow = o.AsSpan(place, size), gradientRow = gradientO.AsSpan(place, size);
                    (int first, int end) = mask.KeysSeen(query, query + 1);
                    T largest = T.NegativeInfinity, sum = T.Zero;
                    for (int key = first; key < end; key++)
                    {
                        T score = scale * Lines.Dot<T>(qRow, k.AsSpan(KeyPlace(key), size));
                        T tanh = cap > T.Zero ? Tanh(score / cap) : T.Zero;
                        slopes[key] = one - (tanh * tanh);
                        weights[key] = cap > T.Zero ? cap * tanh : score;
                        largest = T.Max(largest, weights[key]);
                    }

                    for (int key = first; key < end; key++) sum += weights[key] = T.Exp(weights[key] - largest);
                    logSumExp[(head * tokens) + token] = end > first ? largest + T.Log(sum) : T.NegativeInfinity;
                    for (int key = first; key < end; key++) Lines.AddScaled<T>(oRow, v.AsSpan(KeyPlace(key), size), roundWeight(weights[key]));
                    for (int i = 0; i < size && end > first; i++) oRow[i] = roundResult(oRow[i] / sum);

                    T delta = Lines.Dot<T>(oRow, gradientRow);
                    for (int key = first; key < end; key++)
                    {
                        T weight = weights[key] / sum;
                        gradients[key] = roundWeight(weight * (Lines.Dot<T>(gradientRow, v.AsSpan(KeyPlace(key), size)) - delta) * slopes[key]);
                        Lines.AddScaled<T>(gradientV.AsSpan(KeyPlace(key), size), gradientRow, roundWeight(weight));
                        Lines.AddScaled<T>(gradientK.AsSpan(KeyPlace(key), size), qRow, gradients[key]);
                        Lines.AddScaled<T>(gradientQ.AsSpan(place, size), k.AsSpan(KeyPlace(key), size), gradients[key]);
                    }

                    int KeyPlace(int key) => (((keyBorders[d] + key) * keyHeads) + keyHead) * size;
                }
            }
        }

        for (int i = 0; i < gradientQ.Length; i++) gradientQ[i] = roundResult(gradientQ[i] * scale);
        for (int i = 0; i < gradientK.Length; i++) gradientK[i] = roundResult(gradientK[i] * scale);
        for (int i = 0; i < gradientV.Length; i++) gradientV[i] = roundResult(gradientV[i]);
        return new AttentionResults(Double(o), Double(logSumExp), Double(gradientQ), Double(gradientK), Double(gradientV));

        static T[] Convert(float[] values) => Array.ConvertAll(values, T.CreateChecked);
        static double[] Double(T[] values) => Array.ConvertAll(values, double.CreateChecked);
        static T Tanh(T x) => T.CreateChecked(Math.Tanh(double.CreateChecked(x)));
    }
}

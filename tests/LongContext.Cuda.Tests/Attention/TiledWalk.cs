using LongContext.Cuda.Attention;

namespace LongContext.Cuda.Tests.Attention;

/// <summary>
/// The tiled kernels' algorithm in C#: the same tiles in the same order, the same masks, the same online softmax in base 2, rounding to 16 bits
/// where they round. What it cannot show is how registers and shared memory are addressed: that is what running the kernels shows.
/// </summary>
internal sealed class TiledWalk
{
    private const float Log2E = 1.4426950408889634f, Ln2 = 0.6931471805599453f;
    private readonly AttentionCase pack;
    private readonly AttentionTensors tensors;
    private readonly AttentionPlan plan;
    private readonly int size;
    private readonly float scale, exponentScale;
    private readonly float[] o, logSumExp, gradientQ, gradientK, gradientV;
    private readonly float[] delta, logSumExp2;

    private TiledWalk(AttentionCase pack, AttentionTensors tensors, AttentionPlan plan)
    {
        (this.pack, this.tensors, this.plan) = (pack, tensors, plan);
        size = pack.HeadSize;
        scale = pack.Shape.Scale;
        exponentScale = (pack.Cap > 0 ? pack.Cap : scale) * Log2E;
        o = Poisoned(tensors.Q.Length);
        logSumExp = Poisoned(pack.Heads * pack.Tokens);
        gradientQ = pack.Deterministic ? Poisoned(tensors.Q.Length) : new float[tensors.Q.Length];
        gradientK = Poisoned(tensors.K.Length);
        gradientV = Poisoned(tensors.K.Length);
        delta = Poisoned(logSumExp.Length);
        logSumExp2 = Poisoned(logSumExp.Length);

        static float[] Poisoned(int length)
        {
            float[] values = new float[length];
            values.AsSpan().Fill(float.NaN);
            return values;
        }
    }

    public static AttentionResults Run(AttentionCase pack, AttentionTensors tensors, AttentionPlan plan)
    {
        var walk = new TiledWalk(pack, tensors, plan);
        ReadOnlySpan<int> data = plan.Data.Span;
        foreach ((int document, int tile) in Items(plan, plan.ForwardWork))
            for (int head = 0; head < pack.Heads; head++) walk.Forward(document, tile, head);
        walk.Prepare();
        foreach ((int document, int tile) in Items(plan, plan.KeyWork))
            for (int keyHead = 0; keyHead < pack.KeyHeads; keyHead++) walk.BackwardKeys(document, tile, keyHead);
        if (pack.Deterministic)
        {
            foreach ((int document, int tile) in Items(plan, plan.QueryWork))
                for (int head = 0; head < pack.Heads; head++) walk.BackwardQueries(document, tile, head);
        }
        else
        {
            for (int i = 0; i < walk.gradientQ.Length; i++) walk.gradientQ[i] = SixteenBit.Round(walk.gradientQ[i] * walk.scale, pack.Element);
        }

        return new AttentionResults(Double(walk.o), Double(walk.logSumExp), Double(walk.gradientQ), Double(walk.gradientK), Double(walk.gradientV));

        static double[] Double(float[] values) => Array.ConvertAll(values, x => (double)x);
    }

    private static List<(int Document, int Tile)> Items(AttentionPlan plan, AttentionSection section)
    {
        ReadOnlySpan<int> work = plan.Data.Span.Slice(section.First, section.Length);
        var items = new List<(int, int)>();
        for (int i = 0; i < section.Items; i++) items.Add((work[2 * i], work[(2 * i) + 1]));
        return items;
    }

    private void Forward(int document, int tile, int head)
    {
        DocumentMask mask = pack.Mask(document);
        TileShape shape = plan.ForwardTiles;
        int firstQuery = pack.QueryBorders[document], query = tile * shape.QueryRows, rows = Math.Min(shape.QueryRows, mask.Queries - query);
        float[] sums = new float[rows * size], scores = new float[rows * shape.KeyRows], largest = new float[rows], total = new float[rows];
        largest.AsSpan().Fill(float.NegativeInfinity);
        (int keyFirst, int keyEnd) = mask.KeysSeen(query, query + rows);
        keyFirst -= keyFirst % shape.KeyRows;
        for (int key = keyEnd > keyFirst ? (keyEnd - 1) / shape.KeyRows * shape.KeyRows : -1; key >= keyFirst; key -= shape.KeyRows)
        {
            int columns = Math.Min(shape.KeyRows, mask.Keys - key);
            bool border = mask.IsBorder(query, shape.QueryRows, key, shape.KeyRows);
            for (int r = 0; r < rows; r++)
            {
                ReadOnlySpan<float> q = Row(tensors.Q, firstQuery + query + r, pack.Heads, head);
                Span<float> x = scores.AsSpan(r * shape.KeyRows, shape.KeyRows);
                for (int c = 0; c < shape.KeyRows; c++)
                {
                    x[c] = c < columns ? Capped(Lines.Dot<float>(q, KeyRow(tensors.K, document, key + c, head))) : 0; // rows past the end are zeros …
                    if (border && !mask.IsSeen(query + r, key + c)) x[c] = float.NegativeInfinity; // … and masked: such a tile is a border
                }

                float next = largest[r];
                foreach (float score in x) next = Math.Max(next, score);
                float offset = float.IsNegativeInfinity(next) ? 0 : next * exponentScale;
                float shrink = float.Exp2((largest[r] * exponentScale) - offset);
                largest[r] = next;
                total[r] *= shrink;
                Span<float> sum = sums.AsSpan(r * size, size);
                foreach (ref float s in sum) s *= shrink;
                for (int c = 0; c < shape.KeyRows; c++)
                {
                    float weight = float.Exp2((x[c] * exponentScale) - offset);
                    total[r] += weight;
                    if (c < columns) Lines.AddScaled<float>(sum, KeyRow(tensors.V, document, key + c, head), SixteenBit.Round(weight, pack.Element));
                }
            }
        }

        for (int r = 0; r < rows; r++)
        {
            Span<float> output = Row(o, firstQuery + query + r, pack.Heads, head);
            float normaliser = total[r] == 0 ? 0 : 1 / total[r];
            for (int i = 0; i < size; i++) output[i] = SixteenBit.Round(sums[(r * size) + i] * normaliser, pack.Element);
            logSumExp[Statistic(firstQuery + query + r, head)] =
                total[r] == 0 ? float.NegativeInfinity : ((largest[r] * exponentScale) + MathF.Log2(total[r])) * Ln2;
        }
    }

    private void Prepare()
    {
        for (int token = 0; token < pack.Tokens; token++)
        {
            for (int head = 0; head < pack.Heads; head++)
            {
                int place = Statistic(token, head);
                delta[place] = Lines.Dot<float>(Row(o, token, pack.Heads, head), Row(tensors.GradientO, token, pack.Heads, head));
                logSumExp2[place] = float.IsNegativeInfinity(logSumExp[place]) ? float.PositiveInfinity : logSumExp[place] * Log2E;
            }
        }
    }

    private void BackwardKeys(int document, int tile, int keyHead)
    {
        DocumentMask mask = pack.Mask(document);
        TileShape shape = plan.KeyTiles!;
        int firstKey = pack.KeyBorders[document], key = tile * shape.KeyRows, rows = Math.Min(shape.KeyRows, mask.Keys - key);
        float[] sumsK = new float[rows * size], sumsV = new float[rows * size];
        (int queryFirst, int queryEnd) = mask.QueriesSeeing(key, key + rows);
        queryFirst -= queryFirst % shape.QueryRows;
        int headsPerKey = pack.Shape.HeadsPerKey;
        for (int head = keyHead * headsPerKey; head < (keyHead + 1) * headsPerKey; head++)
        {
            for (int query = queryFirst; query < queryEnd; query += shape.QueryRows)
            {
                bool border = mask.IsBorder(query, shape.QueryRows, key, shape.KeyRows);
                float[] partQ = new float[shape.QueryRows * size];
                int queries = Math.Min(shape.QueryRows, mask.Queries - query);
                for (int r = 0; r < queries; r++)
                {
                    int token = pack.QueryBorders[document] + query + r;
                    ReadOnlySpan<float> q = Row(tensors.Q, token, pack.Heads, head), gradient = Row(tensors.GradientO, token, pack.Heads, head);
                    for (int c = 0; c < rows; c++)
                    {
                        (float weight, float slope) = Weigh(border, mask, document, query + r, key + c, head, token, q, gradient);
                        Lines.AddScaled<float>(sumsV.AsSpan(c * size, size), gradient, SixteenBit.Round(weight, pack.Element));
                        Lines.AddScaled<float>(sumsK.AsSpan(c * size, size), q, SixteenBit.Round(slope, pack.Element));
                        Lines.AddScaled<float>(partQ.AsSpan(r * size, size), KeyRow(tensors.K, document, key + c, head), SixteenBit.Round(slope, pack.Element));
                    }

                    if (!pack.Deterministic) Lines.AddScaled<float>(Row(gradientQ, token, pack.Heads, head), partQ.AsSpan(r * size, size), 1);
                }
            }
        }

        for (int c = 0; c < rows; c++)
        {
            for (int i = 0; i < size; i++)
            {
                Row(gradientK, firstKey + key + c, pack.KeyHeads, keyHead)[i] = SixteenBit.Round(sumsK[(c * size) + i] * scale, pack.Element);
                Row(gradientV, firstKey + key + c, pack.KeyHeads, keyHead)[i] = SixteenBit.Round(sumsV[(c * size) + i], pack.Element);
            }
        }
    }

    private void BackwardQueries(int document, int tile, int head)
    {
        DocumentMask mask = pack.Mask(document);
        TileShape shape = plan.QueryTiles!;
        int query = tile * shape.QueryRows, rows = Math.Min(shape.QueryRows, mask.Queries - query);
        float[] sums = new float[rows * size];
        (int keyFirst, int keyEnd) = mask.KeysSeen(query, query + rows);
        keyFirst -= keyFirst % shape.KeyRows;
        for (int key = keyFirst; key < keyEnd; key += shape.KeyRows)
        {
            bool border = mask.IsBorder(query, shape.QueryRows, key, shape.KeyRows);
            for (int r = 0; r < rows; r++)
            {
                int token = pack.QueryBorders[document] + query + r;
                ReadOnlySpan<float> q = Row(tensors.Q, token, pack.Heads, head), gradient = Row(tensors.GradientO, token, pack.Heads, head);
                for (int c = 0; c < Math.Min(shape.KeyRows, mask.Keys - key); c++)
                {
                    (_, float slope) = Weigh(border, mask, document, query + r, key + c, head, token, q, gradient);
                    Lines.AddScaled<float>(sums.AsSpan(r * size, size), KeyRow(tensors.K, document, key + c, head), SixteenBit.Round(slope, pack.Element));
                }
            }
        }

        for (int r = 0; r < rows; r++)
        {
            Span<float> target = Row(gradientQ, pack.QueryBorders[document] + query + r, pack.Heads, head);
            for (int i = 0; i < size; i++) target[i] = SixteenBit.Round(sums[(r * size) + i] * scale, pack.Element);
        }
    }

    /// <summary>A key's weight for a query and ∂s / scale.</summary>
    private (float Weight, float Gradient) Weigh(
        bool border, DocumentMask mask, int document, int query, int key, int head, int token, ReadOnlySpan<float> q, ReadOnlySpan<float> gradient)
    {
        if (border && !mask.IsSeen(query, key)) return (0, 0);
        float x = Capped(Lines.Dot<float>(q, KeyRow(tensors.K, document, key, head)));
        float weight = float.Exp2((x * exponentScale) - logSumExp2[Statistic(token, head)]);
        float slope = weight * (Lines.Dot<float>(gradient, KeyRow(tensors.V, document, key, head)) - delta[Statistic(token, head)]);
        return (weight, pack.Cap > 0 ? slope * (1 - (x * x)) : slope);
    }

    private float Capped(float x) => pack.Cap > 0 ? 1 - (2 / (1 + float.Exp2(2 * Log2E * x * (scale / pack.Cap)))) : x;

    private int Statistic(int token, int head) => (head * pack.Tokens) + token;

    private ReadOnlySpan<float> KeyRow(float[] rows, int document, int key, int head) =>
        Row(rows, pack.KeyBorders[document] + key, pack.KeyHeads, head / pack.Shape.HeadsPerKey);

    private Span<float> Row(float[] rows, int token, int heads, int head) => rows.AsSpan(((token * heads) + head) * size, size);
}

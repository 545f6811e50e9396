using LongContext.Attention;

namespace LongContext.Tests.Attention;

/// <summary>One call of attention: document lengths, heads and mask.</summary>
internal sealed record AttentionCase
{
    public required int[] Lengths { get; init; }

    /// <summary>Keys of each document; null for as many as queries.</summary>
    public int[]? KeyLengths { get; init; }

    public int HeadCount { get; init; } = 2;

    /// <summary>Query heads of one key head.</summary>
    public int Group { get; init; } = 1;

    public int HeadDimension { get; init; } = 8;

    public bool Causal { get; init; } = true;

    public int? Window { get; init; }

    public double? SoftCap { get; init; }

    public double? Scale { get; init; }

    public int KeyHeadCount => HeadCount / Group;

    public int[] KeyLengthsOrOwn => KeyLengths ?? Lengths;

    public int QueryCount => Lengths.Sum();

    public int KeyCount => KeyLengthsOrOwn.Sum();

    public double ScaleOrDefault => Scale ?? 1 / Math.Sqrt(HeadDimension);

    public AttentionArguments Arguments => new()
    {
        CumulativeSequenceLengths = Borders(Lengths),
        CumulativeKeyLengths = KeyLengths is null ? default(ReadOnlyMemory<int>) : Borders(KeyLengths),
        Causal = Causal,
        SlidingWindow = Window,
        SoftCap = SoftCap,
        Scale = Scale,
    };

    /// <summary>The grid that every kernel passes: 1, primes, tile sizes and their neighbours, empty documents, one long beside many short.</summary>
    public static IReadOnlyDictionary<string, AttentionCase> Grid { get; } = new Dictionary<string, AttentionCase>
    {
        ["one token"] = new() { Lengths = [1] },
        ["ones"] = new() { Lengths = [1, 1, 1] },
        ["primes"] = new() { Lengths = [2, 13, 7, 31, 3] },
        ["63, 64, 65"] = new() { Lengths = [63, 64, 65] },
        ["127, 128, 129"] = new() { Lengths = [127, 128, 129] },
        ["equal documents"] = new() { Lengths = [17, 17, 17, 5, 5] },
        ["empty documents"] = new() { Lengths = [0, 5, 0, 0, 5, 3, 0] },
        ["only empty documents"] = new() { Lengths = [0, 0] },
        ["one long beside many short"] = new() { Lengths = [1, 2, 1, 150, 3, 1, 1, 4, 2] },
        ["head size 64, group 2"] = new() { Lengths = [19, 65], HeadDimension = 64, HeadCount = 4, Group = 2 },
        ["head size 80, group 4"] = new() { Lengths = [33, 12], HeadDimension = 80, HeadCount = 4, Group = 4 },
        ["group 4 of 8 heads"] = new() { Lengths = [11, 29], HeadCount = 8, Group = 4 },
        ["window 1"] = new() { Lengths = [9, 1, 23], Window = 1 },
        ["window 7"] = new() { Lengths = [6, 7, 8, 65], Window = 7, HeadCount = 4, Group = 2 },
        ["window over long documents"] = new() { Lengths = [513, 3, 700, 700], Window = 40, HeadCount = 4, Group = 2 },
        ["window of more than a block"] = new() { Lengths = [641], Window = 300 },
        ["window over a long chunk, scale"] = new() { Lengths = [520], KeyLengths = [700], Window = 33, Scale = 0.7, HeadCount = 4, Group = 4 },
        ["window past the document"] = new() { Lengths = [30, 5], Window = 100 },
        ["soft cap"] = new() { Lengths = [5, 37], SoftCap = 0.7 },
        ["soft cap, window, group"] = new() { Lengths = [23, 40], SoftCap = 2, Window = 7, HeadCount = 4, Group = 2 },
        ["soft cap, group, head size 64"] = new() { Lengths = [16, 3], SoftCap = 50, HeadDimension = 64, HeadCount = 4, Group = 4 },
        ["scale"] = new() { Lengths = [21, 4], Scale = 0.5 },
        ["scale and soft cap"] = new() { Lengths = [21, 4], Scale = 1.5, SoftCap = 3 },
        ["not causal"] = new() { Lengths = [12, 1, 30], Causal = false },
        ["not causal, window"] = new() { Lengths = [12, 30], Causal = false, Window = 4 },
        ["not causal, soft cap"] = new() { Lengths = [12, 9], Causal = false, SoftCap = 1 },
        ["more keys: one new token"] = new() { Lengths = [1, 1], KeyLengths = [40, 1] },
        ["more keys: a chunk"] = new() { Lengths = [7, 16, 3], KeyLengths = [64, 17, 3], HeadCount = 4, Group = 2 },
        ["more keys: a few new tokens after many"] = new() { Lengths = [1, 3, 0, 16], KeyLengths = [300, 131, 5, 16], HeadCount = 8, Group = 4 },
        ["more keys: a few new tokens, window"] = new() { Lengths = [2, 1], KeyLengths = [280, 90], Window = 70, HeadCount = 4, Group = 2 },
        ["more keys: a few new tokens, soft cap"] = new() { Lengths = [1], KeyLengths = [260], SoftCap = 1.5, Scale = 0.2 },
        ["more keys, window"] = new() { Lengths = [1, 9], KeyLengths = [33, 50], Window = 7 },
        ["more keys, soft cap"] = new() { Lengths = [5, 1], KeyLengths = [9, 12], SoftCap = 1.2 },
        ["more keys, a document without queries"] = new() { Lengths = [0, 4], KeyLengths = [6, 9] },
        ["not causal, more queries than keys"] = new() { Lengths = [9, 4], KeyLengths = [2, 4], Causal = false },
    };

    public static int[] Borders(int[] lengths)
    {
        int[] borders = new int[lengths.Length + 1];
        for (int i = 0; i < lengths.Length; i++) borders[i + 1] = borders[i] + lengths[i];
        return borders;
    }
}

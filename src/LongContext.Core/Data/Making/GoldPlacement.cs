namespace LongContext.Data.Making;

/// <summary>Where the document with the answer is put. Positions count from 0: position 0 is "Document [1]".</summary>
public sealed record GoldPlacement
{
    private enum Kind
    {
        Uniform,
        First,
        Middle,
        Last,
        Listed,
    }

    private readonly Kind kind;
    private readonly int[] positions = [];

    private GoldPlacement(Kind kind, int[]? positions = null) => (this.kind, this.positions) = (kind, positions ?? []);

    /// <summary>Anywhere, each position equally likely.</summary>
    public static GoldPlacement Uniform { get; } = new(Kind.Uniform);

    /// <summary>Always the first.</summary>
    public static GoldPlacement First { get; } = new(Kind.First);

    /// <summary>Always in the middle: of k documents at ⌊k / 2⌋.</summary>
    public static GoldPlacement Middle { get; } = new(Kind.Middle);

    /// <summary>Always the last.</summary>
    public static GoldPlacement Last { get; } = new(Kind.Last);

    /// <summary>One of these positions, in turn by the item's number, so that each comes equally often.</summary>
    /// <param name="positions">Positions from 0, at least one; each below the number of documents.</param>
    /// <exception cref="ArgumentException">None, or a negative one.</exception>
    public static GoldPlacement At(params IReadOnlyList<int> positions)
    {
        ArgumentNullException.ThrowIfNull(positions);
        if (positions.Count == 0 || positions.Any(position => position < 0))
            throw new ArgumentException($"The positions are [{string.Join(", ", positions)}], expected at least one, none below 0.", nameof(positions));
        return new GoldPlacement(Kind.Listed, [.. positions]);
    }

    /// <summary>As settings name it.</summary>
    public override string ToString() => kind == Kind.Listed ? $"at {string.Join(' ', positions)}" : kind.ToString();

    internal int Highest => positions.Length == 0 ? 0 : positions.Max();

    internal int Position(int documents, long number, ref SplitMix64 random) => kind switch
    {
        Kind.Uniform => random.NextInt(documents),
        Kind.First => 0,
        Kind.Middle => documents / 2,
        Kind.Last => documents - 1,
        _ => positions[(int)(number % positions.Length)],
    };
}

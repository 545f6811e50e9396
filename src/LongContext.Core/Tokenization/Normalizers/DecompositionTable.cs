using System.Globalization;
using System.Reflection;

namespace LongContext.Tokenization.Normalizers;

/// <summary>The data of decompositions.txt: what characters decompose to, what composes, and combining classes.</summary>
internal sealed class DecompositionTable
{
    private static readonly Lazy<DecompositionTable> s_instance = new(() => new DecompositionTable());

    private readonly Dictionary<int, int[]> _canonical = [];
    private readonly Dictionary<int, int[]> _compatibility = [];
    private readonly Dictionary<(int First, int Second), int> _compositions = [];
    private readonly Dictionary<int, byte> _classes = [];

    private DecompositionTable()
    {
        foreach (string line in ReadLines())
        {
            if (line.StartsWith('#')) continue;
            int separator = line.AsSpan().IndexOfAny("=!~:");
            if (line[separator] == ':') AddClass(line[..separator], byte.Parse(line.AsSpan(separator + 1), CultureInfo.InvariantCulture));
            else AddDecomposition(Hex(line[..separator]), line[separator], [.. line[(separator + 1)..].Split(' ').Select(Hex)]);
        }
    }

    public static DecompositionTable Instance => s_instance.Value;

    /// <summary>The code points that a character decomposes to in one step, or null. Hangul is not among them.</summary>
    public int[]? Decompose(int codePoint, bool compatibility) =>
        _canonical.TryGetValue(codePoint, out int[]? parts) || (compatibility && _compatibility.TryGetValue(codePoint, out parts)) ? parts : null;

    public bool TryCompose(int first, int second, out int composed) => _compositions.TryGetValue((first, second), out composed);

    /// <summary>The canonical combining class; 0 for a starter.</summary>
    public byte ClassOf(int codePoint) => _classes.GetValueOrDefault(codePoint);

    /// <summary>Whether some character composes with this one before it.</summary>
    public IEnumerable<int> SecondsOfCompositions => _compositions.Keys.Select(pair => pair.Second).Distinct();

    private void AddClass(string range, byte value)
    {
        string[] ends = range.Split('-');
        for (int codePoint = Hex(ends[0]); codePoint <= Hex(ends[^1]); codePoint++) _classes.Add(codePoint, value);
    }

    private void AddDecomposition(int codePoint, char kind, int[] parts)
    {
        if (kind == '~')
        {
            _compatibility.Add(codePoint, parts);
            return;
        }

        _canonical.Add(codePoint, parts);
        if (kind == '=') _compositions.Add((parts[0], parts[1]), codePoint);
    }

    private static IEnumerable<string> ReadLines()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("LongContext.Tokenization.decompositions.txt")!;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line) yield return line;
    }

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}

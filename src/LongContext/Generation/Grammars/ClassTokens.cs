using System.Text;
using System.Text.Unicode;

namespace LongContext.Generation.Grammars;

/// <summary>The tokens of a tree that are whole characters of a class, none of which needs an escape in a JSON string.</summary>
internal sealed class ClassTokens
{
    /// <summary>Bytes of a token that counts, at most.</summary>
    public const int LongestText = 32;

    private const byte NotOfClass = byte.MaxValue;

    private readonly ulong[][] tokens;
    private readonly byte[] characters;

    /// <summary>Looks through a vocabulary.</summary>
    /// <param name="texts">Bytes of each token.</param>
    /// <param name="order">The tokens in the tree's order.</param>
    /// <param name="through">The range of <paramref name="order"/> that goes through each node.</param>
    /// <param name="nodes">Nodes of the tree.</param>
    /// <param name="set">The class's code points, in rising order and apart from one another.</param>
    public ClassTokens(IReadOnlyList<byte[]> texts, int[] order, Func<int, Range> through, int nodes, IReadOnlyList<(int First, int Last)> set)
    {
        tokens = new ulong[LongestText + 1][];
        for (int length = 0; length <= LongestText; length++) tokens[length] = new ulong[(texts.Count + 63) / 64];
        var counts = new byte[texts.Count];
        foreach (int token in order)
        {
            counts[token] = Count(texts[token], set);
            if (counts[token] != NotOfClass) tokens[counts[token]][token >> 6] |= 1UL << token;
        }

        for (int length = 1; length <= LongestText; length++)
        {
            for (int i = 0; i < tokens[length].Length; i++) tokens[length][i] |= tokens[length - 1][i];
        }

        characters = new byte[nodes];
        for (int node = 0; node < nodes; node++)
        {
            foreach (int token in order.AsSpan(through(node)))
            {
                characters[node] = Math.Max(characters[node], counts[token]);
                if (characters[node] == NotOfClass) break;
            }
        }
    }

    /// <summary>A bit for each token of at most so many characters; up to <see cref="LongestText"/>.</summary>
    public ulong[] UpTo(int length) => tokens[length];

    /// <summary>Whether all tokens through a node are of at most so many characters of the class, and nothing else.</summary>
    public bool AreWithin(int node, int length) => characters[node] <= length;

    private static byte Count(ReadOnlySpan<byte> text, IReadOnlyList<(int First, int Last)> set)
    {
        if (text.Length > LongestText || !Utf8.IsValid(text) || text.ContainsAny((byte)'"', (byte)'\\') || text.ContainsAnyInRange((byte)0, (byte)0x1F)) return NotOfClass;
        byte count = 0;
        while (!text.IsEmpty)
        {
            Rune.DecodeFromUtf8(text, out Rune rune, out int length);
            if (!Holds(set, rune.Value)) return NotOfClass;
            text = text[length..];
            count++;
        }

        return count;
    }

    private static bool Holds(IReadOnlyList<(int First, int Last)> set, int codePoint)
    {
        int low = 0, high = set.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            if (codePoint < set[middle].First) high = middle - 1;
            else if (codePoint > set[middle].Last) low = middle + 1;
            else return true;
        }

        return false;
    }
}

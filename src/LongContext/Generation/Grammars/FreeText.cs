using System.Text;

namespace LongContext.Generation.Grammars;

/// <summary>Text that may be anything until a marker stands in it.</summary>
internal static class FreeText
{
    /// <summary>Reads any bytes up to the first place at which a marker is complete.</summary>
    /// <param name="graph">The grammar.</param>
    /// <param name="marker">The marker, not empty.</param>
    /// <param name="after">Where its last byte leads.</param>
    /// <param name="end">Where the text may be left before that; null for nowhere.</param>
    /// <returns>Where the text begins.</returns>
    /// <remarks>The automaton of Knuth, Morris and Pratt 1977, a node for each beginning of the marker that the text may end with: after every byte there is one such node, so that free text costs no more than a walk.</remarks>
    public static int Until(GrammarGraph graph, string marker, int after, int? end)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(marker);
        int[] nodes = new int[bytes.Length];
        for (int i = 0; i < nodes.Length; i++)
        {
            nodes[i] = graph.Add();
            graph.SetFree(nodes[i]);
            if (end is { } left) graph.Empty(nodes[i], left);
        }

        // The longest proper beginning of the marker that its first i bytes end with.
        int[] shorter = new int[bytes.Length];
        for (int i = 1; i < bytes.Length; i++) shorter[i] = i == 1 ? 0 : Next(shorter[i - 1], bytes[i - 1]);
        for (int i = 0; i < nodes.Length; i++)
        {
            for (int first = 0, last; first < 256; first = last + 1)
            {
                int next = Next(i, (byte)first);
                for (last = first; last < 255 && Next(i, (byte)(last + 1)) == next; last++)
                {
                }

                graph.Byte(nodes[i], (byte)first, (byte)last, next == bytes.Length ? after : nodes[next]);
            }
        }

        return nodes[0];

        int Next(int read, byte value)
        {
            while (bytes[read] != value && read > 0) read = shorter[read];
            return bytes[read] == value ? read + 1 : 0;
        }
    }
}

using System.Buffers;

namespace LongContext.Generation;

/// <summary>
/// Ends a text before the first of some strings, however it comes in pieces: what could be the beginning of one is held back until it
/// is known not to be. Of strings that are complete at the same character, the one that began first counts.
/// </summary>
/// <remarks>
/// An automaton of all strings (Aho and Corasick 1975): each character moves it on, so the work does not depend on how many strings there are or how long they are. A piece
/// in which none can begin is given out as it is.
/// </remarks>
internal sealed class StopStringFilter
{
    private readonly Dictionary<(int State, char Character), int> edges = [];
    private readonly SearchValues<char> firsts;
    private readonly int[] depths;
    private readonly int[] failures;
    private readonly int[] found;
    private string held = "";
    private int state;

    /// <param name="stops">The strings, none empty.</param>
    public StopStringFilter(IReadOnlyList<string> stops)
    {
        // State 0 is nothing; each other one is a beginning of a string, made after all shorter beginnings of it.
        List<int> depth = [0], parents = [0], ends = [0];
        List<char> last = ['\0'];
        foreach (string stop in stops)
        {
            int at = 0;
            foreach (char c in stop)
            {
                if (!edges.TryGetValue((at, c), out int next))
                {
                    edges[(at, c)] = next = depth.Count;
                    depth.Add(depth[at] + 1);
                    parents.Add(at);
                    last.Add(c);
                    ends.Add(0);
                }

                at = next;
            }

            ends[at] = stop.Length;
        }

        firsts = SearchValues.Create([.. stops.Select(stop => stop[0]).Distinct()]);
        (depths, found, failures) = ([.. depth], [.. ends], new int[depth.Count]);
        foreach (int node in Enumerable.Range(1, depth.Count - 1).OrderBy(node => depths[node]))
        {
            failures[node] = parents[node] == 0 ? 0 : Next(failures[parents[node]], last[node]);
            if (found[node] == 0) found[node] = found[failures[node]];
        }
    }

    /// <summary>Whether one of the strings was found; nothing is given out any more.</summary>
    public bool Stopped { get; private set; }

    /// <summary>Takes the next piece.</summary>
    /// <returns>What can be given out now.</returns>
    public string Add(string piece)
    {
        if (Stopped) return "";
        int start = 0;
        if (state == 0)
        {
            start = piece.AsSpan().IndexOfAny(firsts);
            if (start < 0) return piece;
        }

        for (int i = start; i < piece.Length; i++)
        {
            state = Next(state, piece[i]);
            if (found[state] == 0) continue;
            Stopped = true;
            string before = Begin(piece, held.Length + i + 1 - found[state]);
            held = "";
            return before;
        }

        int free = held.Length + piece.Length - depths[state];
        string ready = Begin(piece, free);
        held = free >= held.Length ? piece[(free - held.Length)..] : string.Concat(held.AsSpan(free), piece);
        return ready;
    }

    /// <summary>What was held back, once no more comes.</summary>
    public string Flush()
    {
        string rest = held;
        (held, state) = ("", 0);
        return rest;
    }

    /// <summary>The first characters of the held text and a piece.</summary>
    private string Begin(string piece, int length) =>
        length <= held.Length ? held[..length]
        : held.Length == 0 && length == piece.Length ? piece
        : string.Concat(held, piece.AsSpan(0, length - held.Length));

    private int Next(int from, char c)
    {
        while (true)
        {
            if (edges.TryGetValue((from, c), out int next)) return next;
            if (from == 0) return 0;
            from = failures[from];
        }
    }
}

using System.Text;

namespace LongContext.Generation;

/// <summary>
/// Ends a text before the first of some strings, however it comes in pieces: what could be the beginning of one is held back until it
/// is known not to be. Of strings that are complete at the same character, the one that began first counts.
/// </summary>
/// <param name="stops">The strings, none empty.</param>
internal sealed class StopStringFilter(IReadOnlyList<string> stops)
{
    private readonly int longest = stops.Count == 0 ? 0 : stops.Max(stop => stop.Length);
    private readonly StringBuilder held = new();

    /// <summary>Whether one of the strings was found; nothing is given out any more.</summary>
    public bool Stopped { get; private set; }

    /// <summary>Takes the next piece.</summary>
    /// <returns>What can be given out now.</returns>
    public string Add(string piece)
    {
        if (Stopped) return "";
        if (stops.Count == 0) return piece;
        var ready = new StringBuilder();
        foreach (char c in piece)
        {
            held.Append(c);
            if (Found() is { } length)
            {
                Stopped = true;
                ready.Append(held, 0, held.Length - length);
                held.Clear();
                return ready.ToString();
            }

            int free = held.Length - Begun();
            ready.Append(held, 0, free);
            held.Remove(0, free);
        }

        return ready.ToString();
    }

    /// <summary>What was held back, once no more comes.</summary>
    public string Flush()
    {
        string rest = held.ToString();
        held.Clear();
        return rest;
    }

    /// <summary>Length of the longest string that the held text ends with; null for none.</summary>
    private int? Found()
    {
        int? found = null;
        foreach (string stop in stops)
        {
            if (stop.Length > (found ?? 0) && EndsWith(stop, stop.Length)) found = stop.Length;
        }

        return found;
    }

    /// <summary>Length of the longest end of the held text that one of the strings begins with.</summary>
    private int Begun()
    {
        for (int length = Math.Min(held.Length, longest - 1); length > 0; length--)
        {
            foreach (string stop in stops)
            {
                if (stop.Length > length && EndsWith(stop, length)) return length;
            }
        }

        return 0;
    }

    /// <summary>Whether the held text ends with the first characters of a string.</summary>
    private bool EndsWith(string stop, int length)
    {
        if (held.Length < length) return false;
        for (int i = 0, from = held.Length - length; i < length; i++)
        {
            if (held[from + i] != stop[i]) return false;
        }

        return true;
    }
}

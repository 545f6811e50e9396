using System.Globalization;
using LongContext.Evaluation.Metrics;

namespace LongContext.Evaluation.Tasks.Judging;

/// <summary>Reads a judge's rating as LongBench-Chat's script does.</summary>
internal static class JudgeRating
{
    /// <summary>The first number inside the last [[...]], or null where there is none.</summary>
    public static double? Read(string reply)
    {
        // The last match of \[\[([^\]]+)\]\].
        string? last = null;
        for (int at = reply.IndexOf("[[", StringComparison.Ordinal); at >= 0; at = reply.IndexOf("[[", at, StringComparison.Ordinal))
        {
            int end = reply.IndexOf(']', at + 2);
            if (end < 0) break;
            if (end > at + 2 && end + 1 < reply.Length && reply[end + 1] == ']')
            {
                last = reply[(at + 2)..end];
                at = end + 2;
            }
            else
            {
                at++;
            }
        }

        return last is not null && PythonNumbers.FirstNumber(last) is { } number ? double.Parse(PythonNumbers.ToAsciiDigits(number), CultureInfo.InvariantCulture) : null;
    }
}

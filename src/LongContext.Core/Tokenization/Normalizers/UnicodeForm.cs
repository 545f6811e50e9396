using System.Text;
using LongContext.Tokenization.Patterns;

namespace LongContext.Tokenization.Normalizers;

/// <summary>
/// NFC, NFD, NFKC and NFKD (Unicode Standard Annex #15). Not string.Normalize: without ICU, and in programs with
/// InvariantGlobalization, that returns every text unchanged and says nothing.
/// </summary>
internal sealed class UnicodeForm : TextNormalizer
{
    private const int SyllableBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7;
    private const int LeadCount = 19, VowelCount = 21, TrailCount = 28, SyllableCount = LeadCount * VowelCount * TrailCount;

    private readonly DecompositionTable _table = DecompositionTable.Instance;
    private readonly bool _composes;
    private readonly bool _compatibility;
    private readonly CodePointSet _inert;
    private readonly char _firstActive;

    private UnicodeForm(bool composes, bool compatibility)
    {
        _composes = composes;
        _compatibility = compatibility;
        var seconds = composes ? _table.SecondsOfCompositions.ToHashSet() : [];
        _inert = new CodePointSet(codePoint => IsInert(codePoint) && !seconds.Contains(codePoint));
        _firstActive = (char)Enumerable.Range(0, char.MaxValue).First(codePoint => !_inert.Contains(codePoint));
    }

    public static UnicodeForm C { get; } = new(composes: true, compatibility: false);

    public static UnicodeForm D { get; } = new(composes: false, compatibility: false);

    public static UnicodeForm KC { get; } = new(composes: true, compatibility: true);

    public static UnicodeForm KD { get; } = new(composes: false, compatibility: true);

    public override string TypeName => $"NF{(_compatibility ? "K" : "")}{(_composes ? "C" : "D")}";

    public override string Normalize(string text) => IsNormalized(text) ? text : Rewrite(text);

    /// <summary>Whether nothing in the text can change; text that could is looked at closely.</summary>
    private bool IsNormalized(string text)
    {
        int first = text.AsSpan().IndexOfAnyInRange(_firstActive, char.MaxValue);
        if (first < 0) return true;
        for (int i = first; i < text.Length;)
        {
            if (!_inert.Contains(CodePoints.At(text, i, out int length))) return false;
            i += length;
        }

        return true;
    }

    /// <summary>A starter that stays as it is whatever stands around it, save for what may compose with it from behind.</summary>
    private bool IsInert(int codePoint)
    {
        if (codePoint is >= 0xD800 and <= 0xDFFF) return true;
        if (_table.ClassOf(codePoint) != 0) return false;
        if (_composes && codePoint is (>= VowelBase and < VowelBase + VowelCount) or (> TrailBase and < TrailBase + TrailCount)) return false;
        string itself = char.ConvertFromUtf32(codePoint);
        return Rewrite(itself) == itself;
    }

    private string Rewrite(string text)
    {
        List<int> codePoints = new(text.Length + 8);
        foreach (Rune rune in text.EnumerateRunes()) Decompose(rune.Value, codePoints);
        Order(codePoints);
        if (_composes) Compose(codePoints);
        var result = new StringBuilder(text.Length + 8);
        foreach (int codePoint in codePoints) result.Append(char.ConvertFromUtf32(codePoint));
        return result.ToString();
    }

    private void Decompose(int codePoint, List<int> output)
    {
        if (IsSyllable(codePoint))
        {
            int index = codePoint - SyllableBase, trail = index % TrailCount;
            output.Add(LeadBase + (index / (VowelCount * TrailCount)));
            output.Add(VowelBase + (index % (VowelCount * TrailCount) / TrailCount));
            if (trail > 0) output.Add(TrailBase + trail);
        }
        else if (_table.Decompose(codePoint, _compatibility) is { } parts)
        {
            foreach (int part in parts) Decompose(part, output);
        }
        else
        {
            output.Add(codePoint);
        }
    }

    /// <summary>Canonical order: within a run of marks by class, equal classes as they stand.</summary>
    private void Order(List<int> codePoints)
    {
        for (int start = 0; start < codePoints.Count; start++)
        {
            if (_table.ClassOf(codePoints[start]) == 0) continue;
            int end = start + 1;
            while (end < codePoints.Count && _table.ClassOf(codePoints[end]) != 0) end++;

            // Sorted as a whole, stably: a run of a million marks must not take quadratic time.
            int[] ordered = [.. codePoints[start..end].OrderBy(codePoint => _table.ClassOf(codePoint))];
            for (int i = 0; i < ordered.Length; i++) codePoints[start + i] = ordered[i];
            start = end - 1;
        }
    }

    private void Compose(List<int> codePoints)
    {
        int count = 0, starter = -1, lastClass = -1;
        for (int i = 0; i < codePoints.Count; i++)
        {
            int codePoint = codePoints[i], combiningClass = _table.ClassOf(codePoint);

            // Blocked by a mark of no lower class in between, or by anything else behind the starter.
            bool reachable = starter >= 0 && (count == starter + 1 || (lastClass != 0 && lastClass < combiningClass));
            if (reachable && TryCompose(codePoints[starter], codePoint, out int composed))
            {
                codePoints[starter] = composed;
                continue;
            }

            if (combiningClass == 0) starter = count;
            lastClass = combiningClass;
            codePoints[count++] = codePoint;
        }

        codePoints.RemoveRange(count, codePoints.Count - count);
    }

    private bool TryCompose(int first, int second, out int composed)
    {
        if (first is >= LeadBase and < LeadBase + LeadCount && second is >= VowelBase and < VowelBase + VowelCount)
        {
            composed = SyllableBase + ((((first - LeadBase) * VowelCount) + second - VowelBase) * TrailCount);
            return true;
        }

        if (IsSyllable(first) && (first - SyllableBase) % TrailCount == 0 && second is > TrailBase and < TrailBase + TrailCount)
        {
            composed = first + second - TrailBase;
            return true;
        }

        return _table.TryCompose(first, second, out composed);
    }

    private static bool IsSyllable(int codePoint) => codePoint is >= SyllableBase and < SyllableBase + SyllableCount;
}

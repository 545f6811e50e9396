using System.Globalization;
using System.Text;

namespace LongContext.Data.Mixing;

/// <summary>What a published mixture has given so far, and what was left out; what was given before a restart is counted.</summary>
/// <param name="Given">The shares with what each gave.</param>
/// <param name="Excluded">The shares with what was left out of each, in the same order.</param>
public sealed record PublishedMixtureReport(MixtureReport Given, IReadOnlyList<ShareExclusions> Excluded)
{
    /// <summary>Two plain-text tables: what was asked for and given, and what was left out.</summary>
    public override string ToString()
    {
        int width = Math.Max("source".Length, Excluded.Count == 0 ? 0 : Excluded.Max(share => share.Name.Length));
        StringBuilder text = new(Given.ToString());
        Line("left out".PadRight(width), "documents", "too short", "of tokens", "too long", "other", "bad lines");
        foreach (ShareExclusions share in Excluded)
            Line(share.Name.PadRight(width), Text(share.Documents), Text(share.TooShort), Text(share.TooShortTokens), Text(share.TooLong), Text(share.LeftOut), Text(share.BadLines));
        return text.ToString();

        void Line(string name, string documents, string tooShort, string tokens, string tooLong, string other, string bad) =>
            text.Append(CultureInfo.InvariantCulture, $"{name}  {documents,12}  {tooShort,12}  {tokens,14}  {tooLong,10}  {other,10}  {bad,10}\n");
    }

    private static string Text(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}

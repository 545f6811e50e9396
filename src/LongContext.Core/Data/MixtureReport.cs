using System.Globalization;
using System.Text;

namespace LongContext.Data;

/// <summary>What a mixture has given so far, since it was made; what was given before a restart is counted.</summary>
/// <param name="Sources">Its sources, in their order.</param>
public sealed record MixtureReport(IReadOnlyList<MixtureSourceReport> Sources)
{
    /// <summary>Items of all sources.</summary>
    public long Items => Sources.Sum(source => source.Items);

    /// <summary>Tokens of all sources.</summary>
    public long Tokens => Sources.Sum(source => source.Tokens);

    /// <summary>The sources that are at their end, by name; where a mixture ended sooner than wanted, they are why.</summary>
    public IReadOnlyList<string> Ended => [.. Sources.Where(source => source.Ended).Select(source => source.Name)];

    /// <summary>Share of all tokens that came from a source, 0 to 1; 0 before the first.</summary>
    /// <param name="source">One of <see cref="Sources"/>.</param>
    public double TokenShare(MixtureSourceReport source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return Tokens == 0 ? 0 : (double)source.Tokens / Tokens;
    }

    /// <summary>Share of all items that came from a source, 0 to 1; 0 before the first.</summary>
    /// <param name="source">One of <see cref="Sources"/>.</param>
    public double ItemShare(MixtureSourceReport source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return Items == 0 ? 0 : (double)source.Items / Items;
    }

    /// <summary>A plain-text table: a line per source with the share asked for, the share of tokens, items, tokens and passes.</summary>
    public override string ToString()
    {
        int width = Math.Max("source".Length, Sources.Count == 0 ? 0 : Sources.Max(source => source.Name.Length));
        StringBuilder text = new();
        Line("source".PadRight(width), "asked", "tokens %", "items", "tokens", "passes");
        foreach (MixtureSourceReport source in Sources)
        {
            Line(
                source.Name.PadRight(width), Percent(source.Share), Percent(TokenShare(source)), source.Items.ToString("N0", CultureInfo.InvariantCulture),
                source.Tokens.ToString("N0", CultureInfo.InvariantCulture), source.Passes.ToString("N0", CultureInfo.InvariantCulture) + (source.Ended ? " (ended)" : ""));
        }

        return text.ToString();

        void Line(string name, string asked, string got, string items, string tokens, string passes) =>
            text.Append(CultureInfo.InvariantCulture, $"{name}  {asked,7}  {got,8}  {items,12}  {tokens,16}  {passes}\n");
    }

    private static string Percent(double share) => (100 * share).ToString("0.00", CultureInfo.InvariantCulture);
}

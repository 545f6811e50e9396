using System.Globalization;
using System.Text.Json;
using LongContext.Data;
using LongContext.Data.Mixing;
using Spectre.Console;

namespace LongContext.Samples.BuildMixture;

/// <summary>Shares asked for and got as tables and as report.json.</summary>
internal sealed class Report(JobOptions options, IReadOnlyList<MixtureOutcome> outcomes)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    public void ShowAndWrite()
    {
        // Redirected output has no width of its own; the default of 80 would break the rows.
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 140;
        foreach (MixtureOutcome outcome in outcomes) Show(outcome);
        Directory.CreateDirectory(options.Output);
        string path = Path.Combine(options.Output, "report.json");
        File.WriteAllText(path, JsonSerializer.Serialize(
            outcomes.Select(outcome => new
            {
                outcome.Name,
                outcome.Mixture.Given.Tokens,
                Sequences = outcome.Mixture.Given.Items,
                outcome.Packing.Packs,
                outcome.Packing.FillRate,
                outcome.Mixture.Given.Ended,
                Shares = outcome.Mixture.Given.Sources.Zip(outcome.Mixture.Excluded, (given, excluded) => new { given.Name, given.Share, TokenShare = outcome.Mixture.Given.TokenShare(given), given.Items, given.Tokens, given.Passes, excluded.Documents, excluded.TooShort, excluded.TooShortTokens, excluded.TooLong, excluded.BadLines }),
            }),
            Json));
        Console.WriteLine($"Report: {Path.GetFullPath(path)}");
    }

    private static void Show(MixtureOutcome outcome)
    {
        Table table = new Table().Border(TableBorder.Rounded).Title($"{outcome.Name}: {Text(outcome.Mixture.Given.Tokens)} tokens").AddColumn("share");
        foreach (string column in (string[])["asked", "got", "tokens", "sequences", "documents", "too short", "too long", "bad lines"]) table.AddColumn(new TableColumn(column).RightAligned());
        for (int i = 0; i < outcome.Mixture.Excluded.Count; i++)
        {
            MixtureSourceReport given = outcome.Mixture.Given.Sources[i];
            ShareExclusions excluded = outcome.Mixture.Excluded[i];
            table.AddRow(
                given.Name + (given.Ended ? " (read to its end)" : ""), Percent(given.Share), Percent(outcome.Mixture.Given.TokenShare(given)), Text(given.Tokens), Text(given.Items),
                Text(excluded.Documents), Text(excluded.TooShort), Text(excluded.TooLong), Text(excluded.BadLines));
        }

        AnsiConsole.Write(table);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{outcome.Packing.Packs:N0} packs, {100 * outcome.Packing.FillRate:0.0} % full."));
        Console.WriteLine();
    }

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.00} %");

    private static string Text(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}

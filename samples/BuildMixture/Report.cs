using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace LongContext.Samples.BuildMixture;

/// <summary>Shares asked for and got as tables and as report.json.</summary>
internal sealed class Report(string folder)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    private string Path => System.IO.Path.Combine(folder, "report.json");

    /// <summary>The shares of tokens that an earlier run wrote; none where its report is gone or not to be read.</summary>
    public IReadOnlyList<ShareSummary> FindShares(string tokens)
    {
        try
        {
            MixtureSummary[] earlier = JsonSerializer.Deserialize<MixtureSummary[]>(File.ReadAllText(Path), Json) ?? [];
            return earlier.FirstOrDefault(mixture => mixture.Folder == tokens)?.Shares ?? [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return [];
        }
    }

    public void ShowAndWrite(IReadOnlyList<MixtureSummary> mixtures)
    {
        // Redirected output has no width of its own; the default of 80 would break the rows.
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 140;
        foreach (MixtureSummary mixture in mixtures) Show(mixture);
        File.WriteAllText(Path, JsonSerializer.Serialize(mixtures, Json));
        Console.WriteLine($"Report: {System.IO.Path.GetFullPath(Path)}");
    }

    private static void Show(MixtureSummary mixture)
    {
        Table table = new Table().Border(TableBorder.Rounded).Title($"{mixture.Name}: {Text(mixture.Tokens)} tokens").AddColumn("share");
        foreach (string column in (string[])["asked", "got", "tokens", "sequences", "documents", "too short", "too long", "bad lines"]) table.AddColumn(new TableColumn(column).RightAligned());
        foreach (ShareSummary share in mixture.Shares)
        {
            table.AddRow(
                share.Name + (share.Ended ? " (read to its end)" : ""), Percent(share.Share), Percent(share.TokenShare), Text(share.Tokens), Text(share.Items),
                Text(share.Documents), Text(share.TooShort), Text(share.TooLong), Text(share.BadLines));
        }

        if (mixture.Shares.Count > 0) AnsiConsole.Write(table);
        else Console.WriteLine($"{mixture.Name}: {Text(mixture.Tokens)} tokens were there already; the report with their shares is not.");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{mixture.Packs:N0} packs, {100 * mixture.FillRate:0.0} % full. Tokens: {mixture.Folder}"));
        Console.WriteLine();
    }

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.00} %");

    private static string Text(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}

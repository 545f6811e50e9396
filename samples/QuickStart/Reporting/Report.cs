using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace LongContext.Samples.QuickStart.Reporting;

/// <summary>What the job found: shown on the console, written as report.json and report.html.</summary>
internal sealed class Report
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // "×" stays "×"
    };

    public required string Title { get; init; }

    public required string Explanation { get; init; }

    public double Seconds { get; set; }

    /// <summary>The columns, in tokens.</summary>
    public required IReadOnlyList<int> Lengths { get; init; }

    public required List<ReportRow> Rows { get; init; }

    /// <summary>The quantities there are, with their name, values by row, format, and whether more is better.</summary>
    [JsonIgnore]
    public IEnumerable<(string Name, Func<ReportRow, List<double>?> Of, string Format)> Quantities =>
        new (string Name, Func<ReportRow, List<double>?> Of, string Format)[]
        {
            ("Levenshtein ratio", row => row.LevenshteinRatio, "0.00"),
            ("Levenshtein ratio, last words", row => row.LevenshteinRatioLastWords, "0.00"),
            ("Perplexity", row => row.Perplexity, "0.00"),
            ("Perplexity per byte", row => row.PerplexityPerByte, "0.000"),
        }.Where(quantity => Rows.TrueForAll(row => quantity.Of(row) is not null));

    public void Show()
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn("tokens");
        foreach (int length in Lengths) table.AddColumn(new TableColumn($"{length:N0}").RightAligned());
        foreach (var (name, of, format) in Quantities)
        {
            table.AddRow([new Markup($"[bold]{Markup.Escape(name)}[/]"), .. Lengths.Select(_ => Text.Empty)]);
            foreach (ReportRow row in Rows)
                table.AddRow([Markup.Escape("  " + row.Name), .. of(row)!.Select(value => Figures.Show(value, format))]);
        }

        // Redirected output has no width of its own; the default of 80 would break the rows.
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 120;
        AnsiConsole.WriteLine();
        AnsiConsole.Write(table);
        AnsiConsole.WriteLine(Explanation);
    }

    /// <summary>Writes report.json and report.html, and says where they and the model lie.</summary>
    public void Write(string folder, string? model)
    {
        Directory.CreateDirectory(folder);
        string html = Path.Combine(folder, "report.html");
        File.WriteAllText(Path.Combine(folder, "report.json"), JsonSerializer.Serialize(this, Json));
        File.WriteAllText(html, HtmlReport.Render(this));
        Console.WriteLine();
        Console.WriteLine($"Done in {Seconds:0} s.");
        Console.WriteLine($"Report: {Path.GetFullPath(html)} (and report.json beside it)");
        if (model is not null) Console.WriteLine($"Model:  {Path.GetFullPath(model)} (a Hugging Face folder)");
    }
}

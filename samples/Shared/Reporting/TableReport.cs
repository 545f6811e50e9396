using System.Text.Json;
using Spectre.Console;

namespace LongContext.Samples.Shared.Reporting;

/// <summary>What a sample found: tables of shares from 0 to 1, shown on the console, written as report.json and report.html.</summary>
internal sealed class TableReport
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // "×" stays "×"
    };

    public required string Title { get; init; }

    public required string Explanation { get; init; }

    public double Seconds { get; set; }

    public List<ReportTable> Tables { get; } = [];

    /// <summary>Single cases, for people to look at.</summary>
    public List<ReportExample> Examples { get; } = [];

    public void Show()
    {
        // Redirected output has no width of its own; the default of 80 would break the rows.
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 140;
        AnsiConsole.WriteLine();
        foreach (ReportTable table in Tables)
        {
            var shown = new Table().Border(TableBorder.Rounded).Title(Markup.Escape(table.Name)).AddColumn(Markup.Escape(table.RowsAre));
            foreach (string column in table.Columns) shown.AddColumn(new TableColumn(Markup.Escape(column)).RightAligned());
            foreach (ReportLine line in table.Rows) shown.AddRow([Markup.Escape(line.Name), .. line.Values.Select(Figure)]);
            AnsiConsole.Write(shown);
        }

        foreach (ReportExample example in Examples)
        {
            AnsiConsole.WriteLine(example.Name);
            foreach ((string name, string text) in example.Texts) AnsiConsole.WriteLine($"  {name}: {Shorten(text)}");
        }

        AnsiConsole.WriteLine(Explanation);
    }

    /// <summary>Writes report.json and report.html, and says where they and the model lie.</summary>
    public void Write(string folder, string? model)
    {
        Directory.CreateDirectory(folder);
        string page = Path.Combine(folder, "report.html");
        File.WriteAllText(Path.Combine(folder, "report.json"), JsonSerializer.Serialize(this, Json));
        File.WriteAllText(page, HtmlPage.Render(this));
        Console.WriteLine();
        Console.WriteLine($"Done in {Seconds:0} s.");
        Console.WriteLine($"Report: {Path.GetFullPath(page)} (and report.json beside it)");
        if (model is not null) Console.WriteLine($"Model:  {Path.GetFullPath(model)} (a Hugging Face folder)");
    }

    public static string Figure(double? value) => value?.ToString("0.00", System.Globalization.CultureInfo.InvariantCulture) ?? "–";

    private static string Shorten(string text)
    {
        const int most = 110;
        string line = text.ReplaceLineEndings(" ");
        return line.Length <= most ? line : line[..most] + " …";
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Data.Caching;
using LongContext.Data.Cleaning;
using LongContext.Data.Reading;
using LongContext.Data.Reports;
using LongContext.Packing;

namespace LongContext.Samples.PrepareLongAlign;

/// <summary>What the run did: on the console, as a page, and as JSON for programs, a training run among them.</summary>
internal sealed class Report(
    JobOptions options, ReadingReport reading, DuplicateReport duplicates, TokenCache cache, StreamingPackerOptions packing, PackingReport packs, double conversations, TimeSpan elapsed)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public void ShowAndWrite(CancellationToken cancellationToken)
    {
        DatasetReport report = DatasetReport.Create(cache.AsSource(seed: null), new DatasetReportOptions { Title = "Conversations", Packing = packing }, cancellationToken)
            .With(new ReportSection("What was read",
            [
                new("Records", $"{reading.Records:N0}"),
                new("Bad records passed", $"{reading.BadLines:N0}"),
                new("Conversations that cannot be encoded", $"{cache.Report.Skipped:N0}"),
            ]))
            .With(duplicates)
            .With(packs);
        Console.WriteLine(report.ToText());
        foreach (string fault in reading.Faults) Console.WriteLine($"Bad: {fault}");

        string page = Path.Combine(options.Output, "report.html"), path = Path.Combine(options.Output, "report.json");
        File.WriteAllText(page, report.ToHtml());
        File.WriteAllText(path, JsonSerializer.Serialize(
            new
            {
                seconds = elapsed.TotalSeconds,
                records = reading.Records,
                badRecords = reading.BadLines,
                faults = reading.Faults,
                exactDuplicates = duplicates.ExactDuplicates,
                nearDuplicates = duplicates.NearDuplicates,
                notEncoded = cache.Report.Skipped,
                tokens = cache.Path,
                tokensWereThere = !cache.Report.WasBuilt,
                contextLength = packing.ContextLength,
                lossWeighting = packing.LossWeighting.ToString(),
                packs = packs.Packs,
                fillRate = packs.FillRate,
                skipped = packs.Skipped,
                conversationsInPacks = conversations,
                dataset = JsonNode.Parse(report.ToJson()),
            },
            Json));
        Console.WriteLine();
        Console.WriteLine($"Done in {elapsed.TotalSeconds:0} s. {packs.Packs:N0} packs of {packing.ContextLength:N0} tokens are {packs.FillRate:P1} full; {packs.Skipped:N0} conversations were longer and left out.");
        Console.WriteLine($"Report: {Path.GetFullPath(path)} and {Path.GetFileName(page)}");
        Console.WriteLine($"Tokens: {cache.Path}{(cache.Report.WasBuilt ? "" : " (they were there)")}");
        Console.WriteLine("A training run takes them so: TokenCache.OpenOrBuildAsync with the same key, AsSource, InstructionTuning.Compose.");
    }
}

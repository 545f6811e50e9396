using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Chat;
using LongContext.Core.Tests.Chat;
using LongContext.Core.Tests.Tokenization;
using LongContext.Data.Caching;
using LongContext.Data.Cleaning;
using LongContext.Data.Examples;
using LongContext.Data.Making;
using LongContext.Data.Mixing;
using LongContext.Data.Reading;
using LongContext.Data.Reports;
using LongContext.Packing;
using LongContext.TestSupport;
using LongContext.Tokenization;

namespace LongContext.Data;

/// <summary>The programs of docs/data.md: compiled here, run here on small files, and the same text there.</summary>
public sealed class DataGuideTests
{
    private const string Evaluated = "On which bridge over the northern river did the two old clockmakers meet every winter to compare their watches?";

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WholeProgram_OnSmallFiles_CleansCachesPacksAndReports()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string model = WriteModel(folder);
        Directory.CreateDirectory(folder["raw"]);
        Directory.CreateDirectory(folder["evaluation"]);
        // 40 conversations, the first once more, one that asks what the evaluation asks, and a line that is cut off.
        string[] lines = [.. Enumerable.Range(0, 40).Select(i => Conversation(Words(i, 60), Words(1000 + i, 10)))];
        string[] all = [.. lines, lines[0], Conversation($"{Words(77, 20)} {Evaluated}", "On the old one."), lines[1][..50]];
        await File.WriteAllBytesAsync(folder["raw/a.jsonl.zst"], string.Join('\n', all).Utf8().Zstd(), CancellationToken);
        await File.WriteAllTextAsync(folder["evaluation/hotpotqa.jsonl"], JsonSerializer.Serialize(new { input = Evaluated }) + "\n", CancellationToken);

        string report = await Prepare(model, folder["raw"], folder["evaluation"], folder["prepared"], CancellationToken);

        // 43 lines: one is bad, one of the 42 others the same as the first, one of the 41 left is contaminated.
        Assert.Contains("42 records, 0 left out, 1 bad lines passed", report, StringComparison.Ordinal);
        Assert.Single(ExclusionList.Load(folder["prepared/duplicates.jsonl"]).Origins);
        string contamination = await File.ReadAllTextAsync(folder["prepared/contamination.txt"], CancellationToken);
        Assert.StartsWith("41 documents, 1 contaminated: 1 Removed", contamination, StringComparison.Ordinal);
        Assert.Contains("hotpotqa line 1", contamination, StringComparison.Ordinal);
        Assert.Contains("<html", await File.ReadAllTextAsync(folder["prepared/report.html"], CancellationToken), StringComparison.Ordinal);
        Assert.Equal(40, Directory.GetFiles(folder["prepared/tokens"], "cache.json", SearchOption.AllDirectories).Select(path => JsonNode.Parse(File.ReadAllText(path))!).Single()["shards"]!.AsArray().Sum(shard => (long)shard!["sequences"]!));
    }

    [Fact]
    public void Guide_ItsPrograms_AreThoseCompiledHere()
    {
        Assert.SkipWhen(TestPaths.RepositoryRoot is null, "the tests run away from the repository");
        string guide = Path.Combine(TestPaths.RepositoryRoot!, "docs", "data.md");
        string source = Path.Combine(TestPaths.RepositoryRoot!, "tests", "LongContext.Core.Tests", "Data", "DataGuideTests.cs");
        string[] expected = [.. GuideText.Blocks(source, "// <GUIDE>", "// </GUIDE>")];
        Assert.NotEmpty(expected);
        Assert.Equal(expected, GuideText.Programs(guide));
    }

    private static async Task<string> Prepare(string modelFolder, string dataFolder, string evaluationFolder, string outputFolder, CancellationToken cancellationToken)
    {
        // <GUIDE>
        IReadOnlyList<string> files = DataFiles.Find([$"{dataFolder}/**/*.jsonl.zst"]);
        RecordSourceOptions reading = new() { BadLines = BadLines.Skip };
        var tokenizer = HuggingFaceTokenizer.Load(modelFolder);
        var encoder = new ExampleEncoder(tokenizer, ChatFormat.Load(modelFolder));
        Directory.CreateDirectory(outputFolder);

        // First pass: duplicates. The records' origins are kept, not their texts.
        using RecordSource<TrainingExample> first = RecordSource.FromFiles(files, ColumnMap.LongAlign, reading);
        DuplicateReport duplicates = DuplicateFinder.Find(first, new DuplicateOptions { Threshold = 0.8 }, cancellationToken);
        ExclusionList exclusions = duplicates.ToExclusionList();
        exclusions.Save($"{outputFolder}/duplicates.jsonl");

        // What must not be learned: the questions of the evaluations, 13 words at a time.
        NGramIndex evaluations = NGramIndex.FromFiles([evaluationFolder], ["input"], cancellationToken: cancellationToken);
        var decontaminator = new Decontaminator(evaluations, new DecontaminationOptions { Action = DecontaminationAction.Remove });

        // Second pass: what is left, as tokens on disk. The next run finds them there.
        using RecordSource<TrainingExample> second = RecordSource.FromFiles(files, ColumnMap.LongAlign, reading);
        TokenCacheKey key = new()
        {
            Files = DataFileIdentity.OfAll(files),
            Tokenizer = tokenizer.Fingerprint,
            // All that decides which examples there are and what tokens they give. Where one of these is another, it is another cache.
            Settings = new Dictionary<string, string>
            {
                ["reading"] = reading.Identity,
                ["columns"] = ColumnMap.LongAlign.Identity,
                ["duplicates"] = exclusions.Identity,
                ["evaluations"] = decontaminator.Identity,
                ["encoder"] = encoder.Identity,
            },
        };
        using TokenCache cache = await TokenCache.OpenOrBuildAsync($"{outputFolder}/tokens", key, () => second.Without(exclusions).Decontaminate(decontaminator), encoder.Encode, cancellationToken: cancellationToken);
        if (cache.Report.WasBuilt) await File.WriteAllTextAsync($"{outputFolder}/contamination.txt", decontaminator.Report().ToText(), cancellationToken);

        // Packs, as a training run takes them, and the report.
        StreamingPackerOptions packing = new() { ContextLength = 65_536, Overlength = OverlengthPolicy.Skip, LossWeighting = LossWeighting.PerSequence };
        var packer = new StreamingPacker(cache.AsSource(seed: 1), packing);
        while (packer.Next(cancellationToken) is { } pack) Console.WriteLine($"{pack.DocumentCount} documents, {pack.TokenCount} tokens");
        DatasetReport report = DatasetReport.Create(cache.AsSource(seed: null), new DatasetReportOptions { Packing = packing }, cancellationToken).With(duplicates).With(packer.Report);
        Console.WriteLine(report.ToText());
        await File.WriteAllTextAsync($"{outputFolder}/report.html", report.ToHtml(), cancellationToken);
        // </GUIDE>
        return first.Report.ToString();
    }

    /// <summary>The published recipe, over the files of its shares: what is missing is listed.</summary>
    [Fact]
    public void Recipe_WithAShareMissing_ListsIt()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Load(WriteModel(folder));
        foreach (string name in new[] { "books", "papers", "web", "denoising" })
        {
            Directory.CreateDirectory(folder[name]);
            File.WriteAllLines(folder[$"{name}/a.jsonl"], Enumerable.Range(0, 20).Select(i => JsonSerializer.Serialize(new { text = Words(name.Length + i, 800) })));
        }

        (long tokens, StreamState state) = ReadMixture(tokenizer, folder.Path, null, folder["state"]);
        Assert.True(tokens > 2048);
        Assert.True(ReadMixture(tokenizer, folder.Path, state, folder["state"]).Tokens > 0);
        var fault = Assert.Throws<ArgumentException>(() => new LongContextPretrainingMixture { Books = MixtureShare.Of(folder["books"]) }.Open(tokenizer));
        foreach (string name in new[] { "Papers", "WebAndCode", "Denoising" }) Assert.Contains($"{name} (25 %", fault.Message, StringComparison.Ordinal);
    }

    private static (long Tokens, StreamState State) ReadMixture(HuggingFaceTokenizer tokenizer, string folder, StreamState? state, string statePath)
    {
        long tokens = 0;
        // <GUIDE>
        LongContextPretrainingMixture recipe = new()
        {
            Books = MixtureShare.Of($"{folder}/books/**/*.jsonl"),
            Papers = MixtureShare.Of($"{folder}/papers/**/*.jsonl"),
            WebAndCode = MixtureShare.Of($"{folder}/web/**/*.jsonl"),
            DenoisingTexts = MixtureShare.Of($"{folder}/denoising/**/*.jsonl"),
        };
        using OpenMixture mixture = recipe.Open(tokenizer);
        if (state is not null) mixture.Restore(state);
        while (tokens < 20_000 && mixture.Next() is { } sequence) tokens += sequence.Length;
        mixture.Capture().Save(statePath);
        Console.WriteLine(mixture.Report);
        // </GUIDE>
        return (tokens, StreamState.Load(statePath));
    }

    [Fact]
    public void Maker_OfNeedles_MakesThemOfALength()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Load(WriteModel(folder));
        PromptExample[] made = [.. Needles(tokenizer, 2000).AsEnumerable(CancellationToken)];
        Assert.Equal(3, made.Length);
        Assert.All(made, example => Assert.InRange(tokenizer.Encode(example.Prompt, addSpecialTokens: false).Length, 1, 2000));
    }

    private static IDataSource<PromptExample> Needles(HuggingFaceTokenizer tokenizer, int longest)
    {
        // <GUIDE>
        NeedleMaker needles = new(new NeedleOptions { Tokenizer = tokenizer, MinimumTokens = longest / 2, MaximumTokens = longest });
        IDataSource<PromptExample> examples = needles.ToSource(count: 3);
        // </GUIDE>
        return examples;
    }

    [Fact]
    public void Histogram_OfLengths_SaysHowFarFromTheLeast()
    {
        // 6 + 2, 5 + 3 and 4 + 4 fill three packs of 8; no packing needs fewer for 24 tokens.
        PackingOptimality optimality = Packed([6, 2, 5, 3, 4, 4], 8, out PackAssignment assignment);
        Assert.Equal((3, 0, 1.0), (optimality.Packs, optimality.ExcessPacks, optimality.FillRate));
        Assert.Equal(3, assignment.Count);
    }

    private static PackingOptimality Packed(int[] lengths, int contextLength, out PackAssignment assignment)
    {
        // <GUIDE>
        HistogramPacking packing = new HistogramPacker(new HistogramPackerOptions { ContextLength = contextLength }).Pack(LengthHistogram.FromLengths(lengths));
        assignment = packing.Assign(lengths, PackOrder.Shuffled, seed: 1); // which sequence goes into which pack
        PackingOptimality optimality = packing.Optimality;
        Console.WriteLine($"{optimality.Packs} packs, {optimality.FillRate:P2} full, at most {optimality.Gap:P2} more than needed");
        // </GUIDE>
        return optimality;
    }

    /// <summary>A folder with a tokenizer of letters and ChatML's template.</summary>
    private static string WriteModel(TemporaryFolder folder)
    {
        Directory.CreateDirectory(folder["model"]);
        JsonObject tokenizer = TinyTokenizer.Llama(["\u2581", .. Enumerable.Range(0, 26).Select(letter => $"{(char)('a' + letter)}"), "<|im_start|>", "<|im_end|>"]);
        JsonObject vocabulary = tokenizer["model"]!["vocab"]!.AsObject();
        foreach (string token in new[] { "<|im_start|>", "<|im_end|>" }) tokenizer["added_tokens"]!.AsArray().Add(TinyTokenizer.Added((int)vocabulary[token]!, token));
        File.WriteAllText(folder["model/tokenizer.json"], tokenizer.ToJsonString());
        File.WriteAllText(folder["model/tokenizer_config.json"], new JsonObject { ["chat_template"] = ChatFolders.ChatMl, ["bos_token"] = "<s>", ["eos_token"] = "<|im_end|>" }.ToJsonString());
        return folder["model"];
    }

    private static string Conversation(string question, string answer) =>
        JsonSerializer.Serialize(new { messages = new object[] { new { role = "user", content = question }, new { role = "assistant", content = answer } }, length = question.Length });

    private static string Words(int seed, int count) => string.Join(' ', Enumerable.Range(0, count).Select(i => $"w{new SplitMix64(seed, i).NextInt(5000)}"));
}

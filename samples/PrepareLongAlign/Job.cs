using System.Diagnostics;
using LongContext.Chat;
using LongContext.Data.Caching;
using LongContext.Data.Cleaning;
using LongContext.Data.Examples;
using LongContext.Data.Reading;
using LongContext.Packing;
using LongContext.Samples.Shared;
using LongContext.Samples.Shared.Words;
using LongContext.Tokenization;
using Recipe = LongContext.Recipes.InstructionTuning;

namespace LongContext.Samples.PrepareLongAlign;

/// <summary>The way from files to packs, stage by stage. Two passes over the data: one finds the duplicates, one encodes what is left.</summary>
internal sealed class Job(JobOptions options)
{
    private readonly RecordSourceOptions reading = new() { BadLines = options.Strict ? BadLines.Stop : BadLines.Skip };

    private readonly ColumnMap columns = ColumnMap.Detecting(options.Mend ? ConversationFaults.Mend : ConversationFaults.Refuse);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        var tokenizer = HuggingFaceTokenizer.Load(options.Model);
        ChatFormat format = RecordsFormat.Find(options.Format, options.Model);
        var encoder = new ExampleEncoder(tokenizer, format);
        IReadOnlyList<string> files = DataFiles.Find(options.Data.Count > 0 ? options.Data : [WriteSampleData(tokenizer)]);

        // 1. Read everything once: bad records are counted, equal and similar conversations found.
        using RecordSource<TrainingExample> looked = Read(files);
        DuplicateReport duplicates = DuplicateFinder.Find(looked, Similar(), cancellationToken);
        if (duplicates.Documents == 0) throw new UsageException($"There is no conversation to learn from. {looked.Report}".ReplaceLineEndings("; "));
        ExclusionList exclusions = duplicates.ToExclusionList();

        // 2. Encode what is left, by all cores, into a cache that a later run finds.
        Directory.CreateDirectory(options.Output);
        exclusions.Save(Path.Combine(options.Output, "duplicates.jsonl"));
        string cacheFolder = Path.Combine(options.Output, "tokens");
        using RecordSource<TrainingExample> read = Read(files);
        TokenCacheKey key = new()
        {
            Files = DataFileIdentity.OfAll(files),
            Tokenizer = tokenizer.Fingerprint,
            Settings = new Dictionary<string, string>
            {
                ["encoder"] = encoder.Identity,
                ["reading"] = reading.Identity,
                ["columns"] = columns.Identity,
                ["duplicates"] = exclusions.Identity,
                ["strict"] = Show(options.Strict),
            },
        };
        using TokenCache cache = await TokenCache.OpenOrBuildAsync(
            cacheFolder, key, () => read.Without(exclusions), example => Encode(encoder, example), progress: new CacheLines("tokens"), cancellationToken: cancellationToken);
        if (cache.SequenceCount == 0) throw new UsageException($"The chat format \"{format.Name}\" takes none of {duplicates.Documents:N0} conversations.");

        // 3. Pack, as a training run would: best fit over a window, every conversation with the same weight.
        StreamingPackerOptions packing = Recipe.Packing(options.ContextLength) with { Seed = options.Seed };
        var packer = new StreamingPacker(cache.AsSource(options.Seed), packing);
        double conversations = 0;
        while (packer.Next(cancellationToken) is { } pack) conversations += pack.LossNormalizer;
        new Report(options, looked.Report, duplicates, cache, packing, packer.Report, conversations, watch.Elapsed).ShowAndWrite(cancellationToken);
    }

    /// <summary>Null for what the chat format has no place for; the cache counts it.</summary>
    private TokenSequence? Encode(ExampleEncoder encoder, TrainingExample example) =>
        options.Strict ? encoder.Encode(example) : encoder.TryEncode(example, out TokenSequence? sequence, out _) ? sequence : null;

    private RecordSource<TrainingExample> Read(IReadOnlyList<string> files) => RecordSource.FromFiles(files, columns, reading);

    private DuplicateOptions Similar() => options.Similarity >= 1 ? new DuplicateOptions { Near = false } : new DuplicateOptions { Threshold = options.Similarity };

    private string WriteSampleData(HuggingFaceTokenizer tokenizer)
    {
        string path = Path.Combine(options.Output, FormattableString.Invariant($"longalign-{options.Seed}.jsonl"));
        // Left as it is when it is there already: its time of change is part of the cache's name.
        if (!File.Exists(path)) SampleData.Write(path, tokenizer, options.Seed);
        return path;
    }

    private static string Show(bool value) => value ? "yes" : "no";
}

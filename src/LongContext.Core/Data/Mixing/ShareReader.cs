using LongContext.Data.Cleaning;
using LongContext.Data.Examples;
using LongContext.Data.Making;
using LongContext.Data.Reading;
using LongContext.Packing;
using LongContext.Tokenization;

namespace LongContext.Data.Mixing;

/// <summary>From the files of a share to its sequences, pass by pass over one reader.</summary>
internal sealed class ShareReader(PublishedMixture mixture, PublishedShare share, int place, HuggingFaceTokenizer tokenizer, ExampleEncoder encoder) : IDisposable
{
    private readonly RecordSource<TrainingExample> records = RecordSource.FromFiles(share.Given!.Patterns, share.Given.Columns, share.Given.Reading);
    private readonly LengthCounts counts = new();
    private readonly OverlongCount overlong = new();
    private StreamState? start;

    public PublishedShare Share => share;

    public LengthCounts Counts => counts;

    /// <summary>Tasks longer than the context, be it that packing passed over them or that the limits of length did.</summary>
    public long TooLong => counts.TooLong + overlong.Value;

    public ReadingReport Reading => records.Report;

    public IReadOnlyList<string> Files => records.Files;

    /// <summary>A pass; one is read at a time.</summary>
    public IDataSource<TokenSequence> Pass(long pass)
    {
        if (start is null) start = records.Capture();
        else records.Restore(start);
        IDataSource<TrainingExample> examples = records;
        if (mixture.Decontaminator is { } decontaminator) examples = examples.Decontaminate(decontaminator);
        if (mixture.Clean is { } clean)
            examples = clean(share.Name, examples) ?? throw new InvalidOperationException($"{nameof(PublishedMixture.Clean)} gave null for {share.Name}; expected a source.");
        if (mixture.ShuffleWindow > 1) examples = examples.Shuffle(mixture.ShuffleWindow, unchecked((int)new SplitMix64(mixture.Seed, ((long)place << 40) + pass).Next()));
        examples = share.Form switch
        {
            ShareForm.Denoised => Denoised(examples),
            ShareForm.InContext => new InContextSource(examples, new InContextPacker(mixture.InContext(tokenizer)!), overlong),
            _ => examples,
        };
        return new LengthLimitSource(
            examples.SelectParallel(encoder.Encode, mixture.Threads, identity: encoder.Identity), mixture.LeastTokens, mixture.ContextLength, tokenizer.BeginningOfSentenceId, counts);
    }

    public void Dispose() => records.Dispose();

    private IDataSource<TrainingExample> Denoised(IDataSource<TrainingExample> examples)
    {
        DenoisedPieces pieces = new(new TextDenoiser(mixture.DenoiserOptions), encoder, mixture.ContextLength);
        return examples.Numbered<TrainingExample, IReadOnlyList<TrainingExample>>(_ => true, pieces.Make, pieces.Identity).SelectMany(made => made);
    }
}

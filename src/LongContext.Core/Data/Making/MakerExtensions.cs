using LongContext.Data.Examples;
using LongContext.Packing;
using Microsoft.ML.Tokenizers;

namespace LongContext.Data.Making;

/// <summary>Makers as operators on sources; each is resumable at every item, and numbers the items it makes from 0.</summary>
public static class MakerExtensions
{
    /// <summary>Denoises texts; see <see cref="TextDenoiser"/>. Texts that cannot be (fewer than two words, or the form's sentinels in them) are left out.</summary>
    /// <param name="source">Texts; anything else is an error.</param>
    /// <param name="options">What to do. Default: UL2's seven denoisers with T5's sentinels.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static IDataSource<PromptExample> Denoise(this IDataSource<TrainingExample> source, TextDenoiserOptions? options = null)
    {
        TextDenoiser maker = new(options);
        return source.Numbered(example => maker.CanMake(TextOf(example)), (example, number) => Carry(maker.Make(TextOf(example), number), example), maker.Identity);
    }

    /// <summary>Denoises documents of tokens; see <see cref="TokenDenoiser"/>. Documents that cannot be (one token, or a sentinel in them) are left out.</summary>
    /// <param name="source">Documents without tokens for their beginning and end; their loss masks are not looked at.</param>
    /// <param name="options">The sentinels, and what to do.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static IDataSource<TokenSequence> Denoise(this IDataSource<TokenSequence> source, TokenDenoiserOptions options)
    {
        TokenDenoiser maker = new(options);
        return source.Numbered(document => maker.CanMake(document.Tokens.Span), (document, number) => maker.Make(document.Tokens.Span, number), maker.Identity);
    }

    /// <summary>Moves the middles of documents to their ends; see <see cref="FillInTheMiddleMaker.Make"/>. Documents that hold the format's tokens are left out.</summary>
    /// <param name="source">Texts; anything else is an error.</param>
    /// <param name="options">The format, and how often.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static IDataSource<TrainingExample> FillInTheMiddle(this IDataSource<TrainingExample> source, FillInTheMiddleOptions options)
    {
        FillInTheMiddleMaker maker = new(options);
        return source.Numbered(example => maker.CanMake(TextOf(example)), (example, number) => Carry(maker.Make(TextOf(example), number), example), maker.Identity);
    }

    /// <summary>
    /// Cuts documents to what fits a context once it is encoded, and moves the middles of the pieces; see <see cref="FillInTheMiddleMaker.MakeWindows(string, ExampleEncoder, int, long)"/>.
    /// </summary>
    /// <param name="source">Texts; anything else is an error.</param>
    /// <param name="options">The format, and how often.</param>
    /// <param name="encoder">What will encode the examples; it says how many tokens they have.</param>
    /// <param name="contextLength">The most tokens of an encoded example.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static IDataSource<TrainingExample> FillInTheMiddle(this IDataSource<TrainingExample> source, FillInTheMiddleOptions options, ExampleEncoder encoder, int contextLength)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        FillInTheMiddleMaker maker = new(options);
        return FillInTheMiddle(source, maker, (text, number) => maker.MakeWindows(text, encoder, contextLength, number), contextLength, encoder.Identity);
    }

    /// <summary>
    /// Cuts documents to what fits a context and moves the middles of the pieces; see <see cref="FillInTheMiddleMaker.MakeWindows(string, Tokenizer, int, long)"/> for what is not counted.
    /// </summary>
    /// <param name="source">Texts; anything else is an error.</param>
    /// <param name="options">The format, and how often.</param>
    /// <param name="tokenizer">Counts the texts.</param>
    /// <param name="contextLength">The most tokens of an example's text.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static IDataSource<TrainingExample> FillInTheMiddle(
        this IDataSource<TrainingExample> source, FillInTheMiddleOptions options, Tokenizer tokenizer, int contextLength)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        FillInTheMiddleMaker maker = new(options);
        return FillInTheMiddle(source, maker, (text, number) => maker.MakeWindows(text, tokenizer, contextLength, number), contextLength, Settings.Of(tokenizer));
    }

    /// <summary>Packs short tasks into long sequences of in-context examples; see <see cref="InContextPacker"/>.</summary>
    /// <param name="source">Prompts with completions, texts, or texts in pieces.</param>
    /// <param name="packer">Says how.</param>
    public static IDataSource<TrainingExample> PackInContext(this IDataSource<TrainingExample> source, InContextPacker packer)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(packer);
        return new InContextSource(source, packer, new OverlongCount());
    }

    /// <summary>Packs short tasks into long sequences of in-context examples; see <see cref="InContextPacker"/>.</summary>
    /// <param name="source">Prompts with completions, texts, or texts in pieces.</param>
    /// <param name="options">The tokenizer, the length, and what counts.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static IDataSource<TrainingExample> PackInContext(this IDataSource<TrainingExample> source, InContextOptions options) =>
        source.PackInContext(new InContextPacker(options));

    /// <summary>Asks each question about many documents; see <see cref="MultiDocumentMaker"/>.</summary>
    /// <param name="source">Questions, for example <c>records.Select(MultiDocumentQuestion.Read)</c>.</param>
    /// <param name="options">How many documents, and where the gold one stands. Default: 20, anywhere.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static IDataSource<PromptExample> AskAmongDocuments(this IDataSource<MultiDocumentQuestion> source, MultiDocumentOptions? options = null)
    {
        MultiDocumentMaker maker = new(options);
        return source.Numbered(static _ => true, maker.Make, maker.Identity);
    }

    /// <summary>Asks for summaries of chapters; see <see cref="ChapterSummaryMaker"/>.</summary>
    /// <param name="source">Chapters, for example <c>records.Select(ChapterSummaries.Read)</c>.</param>
    /// <param name="options">The prompt, and which summaries. Default: Together's, all.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static IDataSource<PromptExample> AskForSummaries(this IDataSource<ChapterSummaries> source, ChapterSummaryOptions? options = null)
    {
        ChapterSummaryMaker maker = new(options);
        return source.Numbered(static _ => true, maker.Make, maker.Identity).SelectMany(static made => made, maker.Identity);
    }

    /// <summary>Asks for words of documents; see <see cref="RepetitionMaker"/>. Documents with too few words are left out, and their numbers with them.</summary>
    /// <param name="source">Texts; anything else is an error.</param>
    /// <param name="options">What to ask for. Default: the last 1 to 99 words, as Together does.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static IDataSource<PromptExample> AskToRepeat(this IDataSource<TrainingExample> source, RepetitionOptions? options = null)
    {
        RepetitionMaker maker = new(options);
        return source.Numbered(static _ => true, (example, number) => maker.TryMake(TextOf(example), number) is { } made ? Carry(made, example) : null, maker.Identity);
    }

    private static IDataSource<TrainingExample> FillInTheMiddle(
        IDataSource<TrainingExample> source, FillInTheMiddleMaker maker, Func<string, long, IReadOnlyList<TrainingExample>> windows, int contextLength, string counter)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(contextLength, 16);
        string identity = FormattableString.Invariant($"{maker.Identity}, windows of {contextLength}, {counter}");
        return source
            .Numbered<TrainingExample, IReadOnlyList<TrainingExample>>(
                example => maker.CanMake(TextOf(example)), (example, number) => [.. windows(TextOf(example), number).Select(made => Carry(made, example))], identity)
            .SelectMany(static made => made, identity);
    }

    internal static IDataSource<TOut> Numbered<TIn, TOut>(this IDataSource<TIn> source, Func<TIn, bool> can, Func<TIn, long, TOut?> make, string identity)
        where TIn : class
        where TOut : class
    {
        ArgumentNullException.ThrowIfNull(source);
        return source.Gather(number => new MadeOfOne<TIn, TOut>(number, can, make), identity);
    }

    /// <summary>What is made of an example keeps its origin and its properties, beside its own.</summary>
    internal static T Carry<T>(T made, TrainingExample from)
        where T : TrainingExample
    {
        Dictionary<string, string> properties = new(from.Properties);
        foreach ((string name, string value) in made.Properties) properties[name] = value;
        return (T)(made with { Origin = from.Origin, Properties = properties });
    }

    private static string TextOf(TrainingExample example) => (example as TextExample)?.Text
        ?? throw new ArgumentException($"{example.Origin?.ToString() ?? "An example"} is a {example.GetType().Name}, expected a {nameof(TextExample)}.", nameof(example));
}

using System.Globalization;
using LongContext.Data.Cleaning;
using LongContext.Data.Examples;
using LongContext.Data.Making;
using LongContext.Data.Reading;
using LongContext.Tokenization;

namespace LongContext.Data.Mixing;

/// <summary>What the ready mixtures have in common: the user names the files of each share, the mixture does the rest.</summary>
/// <remarks>
/// Each share is read, cleaned if asked, shuffled in windows, made into what the recipe asks for, tokenized on several threads and held between the
/// least and the most tokens; then the shares are mixed by tokens, exactly (<see cref="MixtureSource{T}"/>). Everything is the same for the
/// same seed, in memory of the windows, and can be stopped and gone on with at every sequence.
/// </remarks>
public abstract record PublishedMixture
{
    private protected PublishedMixture()
    {
    }

    /// <summary>The most tokens of a sequence; longer texts are cut into windows. At least 16. Default 32,768.</summary>
    public int ContextLength { get; init; } = 32_768;

    /// <summary>What happens when a share's files come to their end. Default: the mixture ends with the first of them.</summary>
    public MixtureEnd End { get; init; } = MixtureEnd.StopAtFirst;

    /// <summary>Examples that are shuffled together (<see cref="DataSourceExtensions.Shuffle"/>), all of a share's held in memory at once; 1 keeps the files' order. Default 256.</summary>
    public int ShuffleWindow { get; init; } = 256;

    /// <summary>Decides all orders and draws. Default 0.</summary>
    public int Seed { get; init; }

    /// <summary>Threads that tokenize each share, at least 1. Default: null, one per processor.</summary>
    public int? Threads { get; init; }

    /// <summary>
    /// Takes what stands in evaluations out of every share, before anything is made of it; its report tells what was found. What is no plain text is left
    /// out whole. Default: null, nothing is looked for.
    /// </summary>
    public Decontaminator? Decontaminator { get; init; }

    /// <summary>
    /// Cleans a share after <see cref="Decontaminator"/> and before anything is made of it, for example <c>(name, examples) => examples.Where(filter)</c>; it
    /// gets the share's name, and is called anew for each pass. Here a worker takes its part too, before anything is tokenized: <c>(name, examples) => examples.Shard(worker, workers)</c>.
    /// Default: nothing is cleaned.
    /// </summary>
    public Func<string, IDataSource<TrainingExample>, IDataSource<TrainingExample>>? Clean { get; init; }

    /// <summary>The shares in their order.</summary>
    internal abstract IReadOnlyList<PublishedShare> Shares { get; }

    /// <summary>The least tokens of a sequence.</summary>
    internal abstract int LeastTokens { get; }

    /// <summary>How texts are denoised; null where none are.</summary>
    internal virtual TextDenoiserOptions? DenoiserOptions => null;

    /// <summary>How in-context examples are packed; null where none are.</summary>
    internal virtual InContextOptions? InContext(HuggingFaceTokenizer tokenizer) => null;

    /// <summary>What is wrong besides missing shares and files.</summary>
    private protected virtual IEnumerable<string> OtherFaults() => [];

    /// <summary>Opens the files and gives their sequences, mixed.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="encoder">
    /// How examples become tokens. Default: null, texts and prompts as usual (<see cref="ExampleEncoder"/>); conversations need one with a chat format.
    /// </param>
    /// <returns>The mixture; it holds files open, so dispose it.</returns>
    /// <exception cref="ArgumentException">
    /// Shares are missing, patterns match nothing, files cannot be opened or options are out of range: one message lists all of it.
    /// </exception>
    public OpenMixture Open(HuggingFaceTokenizer tokenizer, ExampleEncoder? encoder = null)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        List<string> faults = [.. Faults()];
        if (faults.Count > 0)
            throw new ArgumentException($"The mixture {GetType().Name} cannot be made:\n{string.Join("\n", faults.Select(fault => "- " + fault))}");
        return new OpenMixture(this, tokenizer, encoder ?? new ExampleEncoder(tokenizer));
    }

    private IEnumerable<string> Faults()
    {
        foreach (PublishedShare share in Shares)
        {
            string what = string.Create(CultureInfo.InvariantCulture, $"{share.Name} ({100 * share.Weight:0.#} %: {share.Description})");
            if (share.Given is not { } given)
            {
                yield return $"{what} is missing: name its files";
                continue;
            }

            if (given.Columns is null) yield return $"{what}: {nameof(MixtureShare.Columns)} is null";
            if (given.Epochs < 1) yield return string.Create(CultureInfo.InvariantCulture, $"{what}: {nameof(MixtureShare.Epochs)} is {given.Epochs}, expected at least 1");
            foreach (string fault in FileFaults(given)) yield return $"{what}: {fault}";
        }

        if (ContextLength < 16) yield return string.Create(CultureInfo.InvariantCulture, $"{nameof(ContextLength)} is {ContextLength}, expected at least 16");
        if (LeastTokens < 1 || LeastTokens > ContextLength) yield return string.Create(CultureInfo.InvariantCulture, $"MinimumTokens is {LeastTokens}, expected 1 to {nameof(ContextLength)} ({ContextLength})");
        if (ShuffleWindow < 1) yield return string.Create(CultureInfo.InvariantCulture, $"{nameof(ShuffleWindow)} is {ShuffleWindow}, expected at least 1");
        if (Threads < 1) yield return string.Create(CultureInfo.InvariantCulture, $"{nameof(Threads)} is {Threads}, expected at least 1");
        if (!Enum.IsDefined(End)) yield return $"{nameof(End)} is {End}, expected one of {string.Join(", ", Enum.GetNames<MixtureEnd>())}";
        foreach (string fault in OtherFaults()) yield return fault;
    }

    /// <summary>Patterns that match nothing, settings out of range, and files that cannot be opened.</summary>
    private static List<string> FileFaults(MixtureShare share)
    {
        List<string> faults = [];
        try
        {
            using RecordSource<DataRecord> source = RecordSource.FromFiles(share.Patterns ?? [], share.Reading);
            foreach (string file in source.Files)
            {
                try
                {
                    using FileStream opened = File.OpenRead(file);
                }
                catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
                {
                    faults.Add(fault.Message);
                }
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            faults.Add(fault.Message);
        }

        return faults;
    }
}

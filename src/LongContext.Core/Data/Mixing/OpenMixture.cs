using LongContext.Data.Examples;
using LongContext.Packing;
using LongContext.Tokenization;

namespace LongContext.Data.Mixing;

/// <summary>A published mixture at work, made by <see cref="PublishedMixture.Open"/>. It holds files open, so it is to be disposed by whoever opened it.</summary>
public sealed class OpenMixture : IDataSource<TokenSequence>, IDisposable
{
    private readonly ShareReader[] readers;
    private readonly MixtureSource<TokenSequence> mixture;
    private readonly Lazy<string> identity;

    internal OpenMixture(PublishedMixture made, HuggingFaceTokenizer tokenizer, ExampleEncoder encoder)
    {
        readers = [.. made.Shares.Select((share, i) => new ShareReader(made, share, i, tokenizer, encoder))];
        mixture = DataSource.Mixture(
            [.. readers.Select(reader => new WeightedSource<TokenSequence>(reader.Pass(0), reader.Share.Weight) { Name = reader.Share.Name, Epochs = reader.Share.Given!.Epochs, NewPass = reader.Pass })],
            new MixtureOptions<TokenSequence> { End = made.End });

        // A state holds all that it must agree in to be gone on from; at the beginning it holds nothing else.
        StreamState start = mixture.Capture();
        identity = new Lazy<string>(() => string.Join("; ", readers.Select(reader => $"{reader.Share.Name}: {reader.Share.Given!.Reading.Identity}").Prepend($"{made.GetType().Name} {start.Hash()}")));
    }

    /// <summary>
    /// Names all that decides the sequences but the files' content: shares, lengths, seed, columns, what the denoiser, the decontaminator and the encoder do. For the settings of a
    /// cache's key, beside <see cref="Files"/>. Functions count by the identities that they are given (<see cref="PublishedMixture.Clean"/>), <see cref="FewShotTuningMixture.GroupBy"/> by being there.
    /// </summary>
    public string Identity => identity.Value;

    /// <summary>What each share has given, and what was left out of it.</summary>
    public PublishedMixtureReport Report
    {
        get
        {
            MixtureReport given = mixture.Report;
            return new PublishedMixtureReport(given, [.. readers.Select((reader, i) => new ShareExclusions(
                reader.Share.Name, reader.Counts.Documents, reader.Counts.TooShort, reader.Counts.TooShortTokens, reader.TooLong, reader.Reading.LeftOut, reader.Reading.BadLines))]);
        }
    }

    /// <summary>The files of all shares, each once, in the shares' order: with <see cref="Caching.DataFileIdentity.OfAll"/> they are the files of a cache's key.</summary>
    public IReadOnlyList<string> Files => [.. readers.SelectMany(reader => reader.Files).Distinct(StringComparer.Ordinal)];

    /// <inheritdoc/>
    public TokenSequence? Next(CancellationToken cancellationToken = default) => mixture.Next(cancellationToken);

    /// <inheritdoc/>
    public StreamState Capture() => mixture.Capture();

    /// <inheritdoc/>
    public void Restore(StreamState state) => mixture.Restore(state);

    /// <summary>Closes the files.</summary>
    public void Dispose()
    {
        foreach (ShareReader reader in readers) reader.Dispose();
    }
}

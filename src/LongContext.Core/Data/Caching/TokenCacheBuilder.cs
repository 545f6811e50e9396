using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using LongContext.Data.Examples;
using LongContext.Data.Reading;
using LongContext.Packing;

namespace LongContext.Data.Caching;

/// <summary>
/// One thread reads, many encode, one writes in the order that was read. Items go in groups, which must not be long: at most 32 items, or fewer
/// long ones. Of groups there are at most four per encoder, so memory does not depend on the data's size, and a slow disk slows down the reader.
/// </summary>
internal sealed class TokenCacheBuilder<T>(string folder, IDataSource<T> source, Func<T, TokenSequence?> encode, TokenCacheOptions options, IProgress<TokenCacheProgress>? progress)
    where T : class
{
    private const int GroupItems = 32, GroupCharacters = 1 << 17, UnknownCharacters = 1 << 13, ReportEvery = 1024;

    private readonly List<TokenShardInfo> shards = [];
    private TokenShardWriter? shard;
    private bool wide;
    private long sequences, tokens, skipped;

    /// <returns>The manifest, which is on disk with all files that it tells of.</returns>
    public async Task<TokenCacheManifest> BuildAsync(JsonObject key, CancellationToken cancellationToken)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Channel<Group> toEncode = Channel.CreateBounded<Group>(options.Degree), toWrite = Channel.CreateBounded<Group>(2 * options.Degree);
        Task[] running =
        [
            Task.Run(() => ReadAsync(toEncode.Writer, toWrite.Writer, stop.Token), CancellationToken.None),
            .. Enumerable.Range(0, options.Degree).Select(_ => Task.Run(() => EncodeAsync(toEncode.Reader, stop.Token), CancellationToken.None)),
        ];
        try
        {
            await foreach (Group group in toWrite.Reader.ReadAllAsync(stop.Token).ConfigureAwait(false))
            {
                foreach (TokenSequence? sequence in await group.Encoded.Task.WaitAsync(stop.Token).ConfigureAwait(false)) Write(sequence);
            }

            CompleteShard();
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            shard?.Dispose();
        }

        progress?.Report(new TokenCacheProgress(sequences, tokens, skipped, IsWaiting: false));
        TokenCacheManifest manifest = new(key, shards, skipped);
        manifest.Save(folder);
        return manifest;
    }

    private async Task ReadAsync(ChannelWriter<Group> toEncode, ChannelWriter<Group> toWrite, CancellationToken cancellationToken)
    {
        Exception? fault = null;
        try
        {
            for (long first = 0; ;)
            {
                Group group = new(first, ReadGroup(cancellationToken, out bool ended, out fault));
                if (group.Items.Count > 0)
                {
                    await toWrite.WriteAsync(group, cancellationToken).ConfigureAwait(false);
                    await toEncode.WriteAsync(group, cancellationToken).ConfigureAwait(false);
                }

                first += group.Items.Count;
                if (ended) break;
            }
        }
        catch (Exception exception)
        {
            fault = exception;
        }

        // What was read before a fault is encoded first: the fault that is reported is the first one in the data.
        toEncode.TryComplete();
        toWrite.TryComplete(fault);
    }

    private List<T> ReadGroup(CancellationToken cancellationToken, out bool ended, out Exception? fault)
    {
        List<T> items = [];
        long characters = 0;
        (ended, fault) = (false, null);
        try
        {
            while (items.Count < GroupItems && characters < GroupCharacters)
            {
                if (source.Next(cancellationToken) is not { } item)
                {
                    ended = true;
                    break;
                }

                items.Add(item);
                characters += Characters(item);
            }
        }
        catch (Exception exception)
        {
            (ended, fault) = (true, exception);
        }

        return items;
    }

    private async Task EncodeAsync(ChannelReader<Group> groups, CancellationToken cancellationToken)
    {
        await foreach (Group group in groups.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            TokenSequence?[] encoded = new TokenSequence?[group.Items.Count];
            int at = 0;
            try
            {
                for (; at < encoded.Length; at++)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    encoded[at] = Encode(group.Items[at]);
                }

                group.Encoded.SetResult(encoded);
            }
            catch (Exception exception)
            {
                group.Encoded.SetException(exception is OperationCanceledException ? exception
                    : new DataFormatException($"Item {group.First + at}{Place(group.Items[at])} cannot be encoded: {exception.Message}", exception));
            }
        }
    }

    private TokenSequence? Encode(T item)
    {
        TokenSequence? sequence = encode(item);
        if (sequence is not null && sequence.Tokens.Span.IndexOfAnyInRange(int.MinValue, -1) is >= 0 and var at)
            throw new ArgumentException($"token {at} is {sequence.Tokens.Span[at]}, expected an id of at least 0.");
        return sequence;
    }

    private void Write(TokenSequence? sequence)
    {
        if (sequence is null)
        {
            skipped++;
            return;
        }

        // From the first id that needs more than 16 bits on, all files are of 32 bits: most likely the vocabulary is that large.
        bool widens = !wide && sequence.Tokens.Span.ContainsAnyExceptInRange(0, ushort.MaxValue);
        wide |= widens;
        if (shard is not null && (widens || shard.IsFullFor(sequence.Length, options.ShardBytes))) CompleteShard();
        shard ??= new TokenShardWriter(Path.Combine(folder, TokenCacheManifest.ShardName(shards.Count)), wide);
        shard.Add(sequence);
        tokens += sequence.Length;
        if (++sequences % ReportEvery == 0) progress?.Report(new TokenCacheProgress(sequences, tokens, skipped, IsWaiting: false));
    }

    private void CompleteShard()
    {
        if (shard is null) return;
        shards.Add(shard.Complete());
        shard.Dispose();
        shard = null;
    }

    private static long Characters(T item) => item switch
    {
        TextExample example => example.Text.Length,
        PromptExample example => example.Prompt.Length + example.Completion.Length,
        ChatExample example => example.TextLength,
        SegmentsExample example => example.TextLength,
        TokenSequence sequence => sequence.Length,
        DataRecord record => Characters(record.Fields),
        _ => UnknownCharacters,
    };

    /// <summary>About how much a record holds, without making strings of it: long records must not go by the group.</summary>
    private static long Characters(JsonNode? node) => node switch
    {
        JsonObject fields => fields.Sum(field => field.Key.Length + Characters(field.Value)),
        JsonArray items => items.Sum(Characters),
        JsonValue value when value.TryGetValue(out JsonElement element) => JsonMarshal.GetRawUtf8Value(element).Length,
        JsonValue value when value.TryGetValue(out string? text) => text.Length,
        _ => 1,
    };

    private static string Place(T item) => item switch
    {
        TrainingExample { Origin: { } origin } => $" ({origin.Path}, number {origin.Number})",
        DataRecord { Origin: { } origin } => $" ({origin.Path}, number {origin.Number})",
        _ => "",
    };

    /// <summary>Items read one after the other, and what became of them.</summary>
    private sealed record Group(long First, List<T> Items)
    {
        public TaskCompletionSource<TokenSequence?[]> Encoded { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

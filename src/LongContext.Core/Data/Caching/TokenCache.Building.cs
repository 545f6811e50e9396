using System.Text.Json.Nodes;
using LongContext.Packing;

namespace LongContext.Data.Caching;

public sealed partial class TokenCache
{
    /// <summary>Opens a cache that is there.</summary>
    /// <param name="folder">The folder of caches.</param>
    /// <param name="key">Which of them.</param>
    /// <param name="options">How. Default: tokens are not read.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such cache.</exception>
    /// <exception cref="DataFormatException">It is damaged, or of another key; the message names the file and what is wrong.</exception>
    public static TokenCache Open(string folder, TokenCacheKey key, TokenCacheOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(key);
        options ??= new TokenCacheOptions();
        options.Validate();
        string path = System.IO.Path.Combine(folder, key.Name);
        if (!Directory.Exists(path) && !File.Exists(path)) throw new DirectoryNotFoundException($"{path}: there is no cache of this key.");
        return Open(path, key, options, wasBuilt: false, options.TimeProvider.GetTimestamp());
    }

    /// <summary>Opens a cache, or builds it where it is not there, or waits for another process that builds it.</summary>
    /// <typeparam name="T">What is encoded.</typeparam>
    /// <param name="folder">The folder of caches; made if it is not there.</param>
    /// <param name="key">What decides the tokens.</param>
    /// <param name="openSource">
    /// Opens the data, at its beginning. Called only where the cache is built; used by one thread at a time. A source that can be disposed is, when all of it has been read or the building fails.
    /// </param>
    /// <param name="encode">Encodes an item, or gives null to leave it out. Called by several threads at once.</param>
    /// <param name="options">How. Default: all processors, files of 1 GiB.</param>
    /// <param name="progress">Told now and then, by the thread that writes.</param>
    /// <param name="cancellationToken">Ends building or waiting; nothing stays behind.</param>
    /// <exception cref="DataFormatException">
    /// The cache is damaged and <see cref="TokenCacheOptions.RebuildDamaged"/> is not set, an item cannot be encoded (the message names the first), or
    /// the source found a fault.
    /// </exception>
    /// <exception cref="IOException">It cannot be written; nothing stays behind.</exception>
    /// <exception cref="UnauthorizedAccessException">There is no such cache, and nothing may be written into the folder.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static async Task<TokenCache> OpenOrBuildAsync<T>(
        string folder, TokenCacheKey key, Func<IDataSource<T>> openSource, Func<T, TokenSequence?> encode, TokenCacheOptions? options = null,
        IProgress<TokenCacheProgress>? progress = null, CancellationToken cancellationToken = default)
        where T : class
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(openSource);
        ArgumentNullException.ThrowIfNull(encode);
        options ??= new TokenCacheOptions();
        options.Validate();
        long start = options.TimeProvider.GetTimestamp();
        folder = System.IO.Path.GetFullPath(folder);
        Directory.CreateDirectory(folder);
        string path = System.IO.Path.Combine(folder, key.Name);
        if (TryOpen(path, key, options, start) is { } there) return there;

        using TokenCacheLock held = await TokenCacheLock.TakeAsync(
            TokenCacheFolders.LockOf(folder, key.Name), () => progress?.Report(new TokenCacheProgress(0, 0, 0, IsWaiting: true)), cancellationToken).ConfigureAwait(false);
        TokenCacheFolders.RemoveLeftovers(folder, key.Name);
        if (TryOpen(path, key, options, start) is { } builtByOther) return builtByOther;

        string building = TokenCacheFolders.NewBuilding(folder, key.Name);
        Directory.CreateDirectory(building);
        IDataSource<T>? source = null;
        try
        {
            source = openSource();
            await new TokenCacheBuilder<T>(building, source, encode, options, progress).BuildAsync(key.ToJson(), cancellationToken).ConfigureAwait(false);
            // What is damaged goes last, when what takes its place is on disk; its new name is one of those that are cleaned up.
            if (Directory.Exists(path)) Directory.Move(path, TokenCacheFolders.NewBuilding(folder, key.Name));
            else File.Delete(path);
            TokenCacheFolders.TryCommit(building, path);
        }
        finally
        {
            // Nothing reads from it any more: the builder has ended all its work, however it ended.
            (source as IDisposable)?.Dispose();
            TokenCacheFolders.RemoveLeftovers(folder, key.Name);
        }

        return Open(path, key, options, wasBuilt: true, start);
    }

    /// <summary>
    /// Removes what processes that ended while they built a cache left in the folder. What is being built now, by any process, is left alone.
    /// </summary>
    /// <param name="folder">The folder of caches; it need not be there.</param>
    /// <returns>How many half-built caches were removed.</returns>
    public static int RemoveLeftovers(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        return Directory.Exists(folder) ? TokenCacheFolders.RemoveAllLeftovers(folder) : 0;
    }

    /// <returns>Null where there is none, or one to be built again.</returns>
    private static TokenCache? TryOpen(string path, TokenCacheKey key, TokenCacheOptions options, long start)
    {
        if (!Directory.Exists(path) && !File.Exists(path)) return null;
        try
        {
            return Open(path, key, options, wasBuilt: false, start);
        }
        catch (DataFormatException) when (options.RebuildDamaged)
        {
            return null;
        }
        catch (DataFormatException fault)
        {
            throw new DataFormatException(
                $"{fault.Message.TrimEnd('.')}. Remove {path}, or set {nameof(TokenCacheOptions)}.{nameof(TokenCacheOptions.RebuildDamaged)}, to have the cache built again.", fault)
            {
                Path = fault.Path,
            };
        }
    }

    private static TokenCache Open(string path, TokenCacheKey key, TokenCacheOptions options, bool wasBuilt, long start)
    {
        TokenCacheManifest manifest = TokenCacheManifest.Load(path);
        RequireKey(path, key.ToJson(), manifest.Key);
        TokenCache cache = new(path, manifest);
        try
        {
            if (options.VerifyTokens) cache.Verify();
            cache.Report = cache.Report with { WasBuilt = wasBuilt, Elapsed = options.TimeProvider.GetElapsedTime(start) };
            return cache;
        }
        catch
        {
            cache.Dispose();
            throw;
        }
    }

    /// <summary>The folder's name says so already; but folders can be renamed.</summary>
    private static void RequireKey(string path, JsonObject expected, JsonObject found)
    {
        if (JsonNode.DeepEquals(expected, found)) return;
        IEnumerable<string> others = expected.Select(field => field.Key).Where(field => !JsonNode.DeepEquals(expected[field], found[field]));
        throw new DataFormatException(
            System.IO.Path.Combine(path, TokenCacheManifest.FileName), null,
            $"it is the cache of another key: its {string.Join(" and its ", others)} differ from what is asked for (asked: {Shorten(expected)}; found: {Shorten(found)})");
    }

    private static string Shorten(JsonObject json) => json.ToJsonString() is { Length: > 400 } text ? text[..400] + "…" : json.ToJsonString();
}

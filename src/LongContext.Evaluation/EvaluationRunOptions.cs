namespace LongContext.Evaluation;

/// <summary>How an <see cref="EvaluationRunner"/> runs: limits, retries, what is kept where.</summary>
public sealed record EvaluationRunOptions
{
    /// <summary>The report's title. Default: "Evaluation".</summary>
    public string Title { get; init; } = "Evaluation";

    /// <summary>
    /// The folder that answers and results are kept in; a run that is started again on it goes on where it ended, however it ended. Made if it is not
    /// there; one run at a time. Null (the default): they are kept in memory until the run ends.
    /// </summary>
    public string? Folder { get; init; }

    /// <summary>What happens where the folder has results of other settings under the same names. Default: the run is refused.</summary>
    public ChangedSettings OnChangedSettings { get; init; }

    /// <summary>Whether items that failed, or that no judge rated, in an earlier run on the folder are asked again. Default: true.</summary>
    public bool RetryFailed { get; init; } = true;

    /// <summary>Requests to one model at once, at least 1, where <see cref="EvaluationModel.RequestsAtOnce"/> says nothing else; a judge is a model too. Default: 4.</summary>
    public int RequestsAtOnce { get; init; } = 4;

    /// <summary>
    /// Items of one model that are worked on at once, at least 1; no more than these are in memory. Null (the default): 8, or as many as requests are made at once where that is
    /// more. With fewer than those, fewer requests are made at once.
    /// </summary>
    public int? ItemsAtOnce { get; init; }

    /// <summary>Requests to one model in a minute at most, spread evenly, or null (the default) for no limit. Tries count.</summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>
    /// Tokens to and from one model in a minute at most, or null (the default) for no limit: before a request its prompt and the longest answer count,
    /// after it what was used.
    /// </summary>
    public int? TokensPerMinute { get; init; }

    /// <summary>How often a request is made at most before its item fails, at least 1. Default: 6.</summary>
    public int MaximumTries { get; init; } = 6;

    /// <summary>
    /// The wait before the second try, above 0; it doubles each time, and a random part of up to half is taken off. Default: 1 second.
    /// </summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait between two tries, at least <see cref="RetryDelay"/>. Default: 1 minute.</summary>
    public TimeSpan MaximumRetryDelay { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// The longest wait that a server may ask for (Retry-After), above 0; all requests to the model wait that long. Where it asks for more, the item
    /// fails at once. Default: 10 minutes.
    /// </summary>
    public TimeSpan MaximumRetryAfter { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long one try may take, above 0. Default: 10 minutes.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Says whether a request that failed may succeed when it is made again, or null (the default) for the usual ones: no connection or a cut one,
    /// time-outs, statuses 408, 409, 425, 429 (unless the quota is spent) and 500 and above, answers that cannot be read.
    /// </summary>
    /// <remarks>
    /// A status is read from <see cref="HttpRequestException"/>, or else from a public property <c>Status</c> or <c>StatusCode</c> of the exception, as
    /// the clients of OpenAI and Azure have it.
    /// </remarks>
    public Func<Exception, bool>? IsTransient { get; init; }

    /// <summary>
    /// Says how long a server asks to wait, or null (the default) for the usual ways: an entry "Retry-After" in the exception's data, or the header of
    /// the response that the exceptions of OpenAI's and Azure's clients carry (<c>GetRawResponse</c>).
    /// </summary>
    public Func<Exception, TimeSpan?>? RetryAfter { get; init; }

    /// <summary>
    /// After how many requests in a row that failed for reasons which are not the item's (no connection, 401, 404, 500 to the last try) a model is not
    /// asked any more, at least 1. The report says so; what was not asked is asked when the run is started again. Default: 8.
    /// </summary>
    public int MaximumFailuresInARow { get; init; } = 8;

    /// <summary>Failed items that the run bears, at least 0, or null (the default) for any number. One more ends it with an exception.</summary>
    public int? MaximumFailures { get; init; }

    /// <summary>
    /// Items of each task at most, the first ones, at least 1, or null (the default) for all. Of a task that has lengths (<see cref="Tasks.ISizedTask"/>) so many of each length, and so
    /// of prepared files of RULER, of the gold positions of "Lost in the Middle" and of its numbers of pairs: the first of all would be those of the first alone.
    /// </summary>
    public int? MaximumItems { get; init; }

    /// <summary>
    /// Whether answers are asked for in pieces. Default: false. A stream that ends without saying why it ended counts as cut, and the request is made again.
    /// </summary>
    public bool Streaming { get; init; }

    /// <summary>The level of confidence intervals, above 0 and below 1. Default: 0.95.</summary>
    public double ConfidenceLevel { get; init; } = 0.95;

    /// <summary>Characters of a prompt that a result keeps, its beginning and its end, at least 0, or null for all of it. Default: 2,000, which is what the page shows.</summary>
    public int? PromptCharacters { get; init; } = 2_000;

    /// <summary>The currency that prices are in, for reports, or null (the default).</summary>
    public string? Currency { get; init; }

    /// <summary>Seed of what is random about a run: waits between tries and the bootstrap of intervals. Default: 0.</summary>
    public long Seed { get; init; }

    /// <summary>The shortest time between two reports of progress, at least 0. Default: a quarter of a second.</summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The clock. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Items of a model that are worked on at once.</summary>
    internal int ItemsAtOnceOf(EvaluationModel model) => ItemsAtOnce ?? Math.Max(8, model.RequestsAtOnce ?? RequestsAtOnce);

    internal void Validate()
    {
        List<string> faults = [];
        void Require(bool met, string name, object? value, string expected)
        {
            if (!met) faults.Add($"{name} is {value ?? "null"}, expected {expected}");
        }

        Require(Title is not null, nameof(Title), Title, "a text");
        Require(Folder is null || !string.IsNullOrWhiteSpace(Folder), nameof(Folder), "empty", "a path or null");
        Require(Enum.IsDefined(OnChangedSettings), nameof(OnChangedSettings), OnChangedSettings, "one of its values");
        Require(RequestsAtOnce >= 1, nameof(RequestsAtOnce), RequestsAtOnce, "at least 1");
        Require(ItemsAtOnce is null or >= 1, nameof(ItemsAtOnce), ItemsAtOnce, "at least 1");
        Require(RequestsPerMinute is null or >= 1, nameof(RequestsPerMinute), RequestsPerMinute, "at least 1");
        Require(TokensPerMinute is null or >= 1, nameof(TokensPerMinute), TokensPerMinute, "at least 1");
        Require(MaximumTries >= 1, nameof(MaximumTries), MaximumTries, "at least 1");
        Require(RetryDelay > TimeSpan.Zero, nameof(RetryDelay), RetryDelay, "more than 0");
        Require(MaximumRetryDelay >= RetryDelay && MaximumRetryDelay <= TimeSpan.FromDays(1), nameof(MaximumRetryDelay), MaximumRetryDelay, $"{nameof(RetryDelay)} to a day");
        Require(MaximumRetryAfter > TimeSpan.Zero && MaximumRetryAfter <= TimeSpan.FromDays(1), nameof(MaximumRetryAfter), MaximumRetryAfter, "more than 0, a day at most");
        Require(RequestTimeout >= TimeSpan.FromMilliseconds(10) && RequestTimeout <= TimeSpan.FromDays(1), nameof(RequestTimeout), RequestTimeout, "10 milliseconds to a day");
        Require(MaximumFailuresInARow >= 1, nameof(MaximumFailuresInARow), MaximumFailuresInARow, "at least 1");
        Require(MaximumFailures is null or >= 0, nameof(MaximumFailures), MaximumFailures, "at least 0");
        Require(MaximumItems is null or >= 1, nameof(MaximumItems), MaximumItems, "at least 1");
        Require(ConfidenceLevel is > 0 and < 1, nameof(ConfidenceLevel), ConfidenceLevel, "between 0 and 1");
        Require(PromptCharacters is null or >= 0, nameof(PromptCharacters), PromptCharacters, "at least 0");
        Require(ProgressInterval >= TimeSpan.Zero, nameof(ProgressInterval), ProgressInterval, "at least 0");
        Require(TimeProvider is not null, nameof(TimeProvider), TimeProvider, "a clock");
        if (faults.Count > 0) throw new ArgumentException($"{nameof(EvaluationRunOptions)}: {string.Join("; ", faults)}.");
    }
}

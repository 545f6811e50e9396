namespace LongContext.AspNetCore;

/// <summary>Who may ask an OpenAI-compatible server, and how much.</summary>
/// <remarks>Read from configuration or set by a delegate; validated when the host starts, all faults in one exception.</remarks>
public sealed class OpenAIServerOptions
{
    /// <summary>
    /// Keys that may ask, by the name of who holds them: the key itself, or "sha256:" and the hash of it in hexadecimal digits. Empty (the default): nobody needs a key, and only
    /// this machine may ask: the host does not start on another address, and requests under another machine's name, or that came through a proxy (X-Forwarded-For, Forwarded, X-Real-IP), are refused.
    /// No two holders may have one key. They are read once, when the host starts.
    /// </summary>
    public IDictionary<string, string> ApiKeys { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>
    /// Whether what was computed for one key's holder is found again for another's. How fast an answer begins, and usage's "cached_tokens" outright, then tell each of them how others' prompts begin.
    /// False (the default): each holder has a cache of its own, as a "cache_salt" would make it; a request's own salt divides it further.
    /// </summary>
    public bool SharesCacheBetweenKeys { get; set; }

    /// <summary>Bytes of a request's body. Default 16 MiB.</summary>
    public long MaximumBodyBytes { get; set; } = 16 << 20;

    /// <summary>Bytes of the bodies of all requests that are on their way; one that goes beyond is refused with 503. Default 256 MiB.</summary>
    public long MaximumBodyBytesTogether { get; set; } = 256 << 20;

    /// <summary>Bytes of a request's headers. Default 16 KiB.</summary>
    public int MaximumHeaderBytes { get; set; } = 16 << 10;

    /// <summary>Connections that are open at once; more are closed as they come. Default 4,096.</summary>
    public int MaximumConnections { get; set; } = 4096;

    /// <summary>Levels of objects and arrays in a body, and in JSON that a string of it spells. Default 64.</summary>
    public int MaximumJsonDepth { get; set; } = 64;

    /// <summary>Messages of a request. Default 4,096.</summary>
    public int MaximumMessages { get; set; } = 4096;

    /// <summary>Bytes of an answer's form, a JSON schema, a pattern or choices: a grammar is made of it. Default 64 KiB.</summary>
    public int MaximumSchemaBytes { get; set; } = 64 << 10;

    /// <summary>Functions that a request may tell the model of ("tools"), and calls that one of its messages may make. Default 128.</summary>
    public int MaximumTools { get; set; } = 128;

    /// <summary>Bytes of a request's "tools", their schemas included: grammars are made of them. Default 256 KiB.</summary>
    public int MaximumToolBytes { get; set; } = 256 << 10;

    /// <summary>
    /// Log-probabilities of a request's prompt ("echo" with "logprobs", "prompt_logprobs"), at most: the text's bytes in UTF-8, or its tokens where it comes as tokens, times likeliest tokens asked for and one, times answers, of several prompts together. Of
    /// texts there are fewer, since most tokens have several bytes. Each is some 80 bytes of the answer. Default 1,000,000.
    /// </summary>
    public int MaximumPromptLogprobs { get; set; } = 1_000_000;

    /// <summary>The same of all requests whose answers are being made or wait to be read; one that goes beyond is refused with 503. Default 4,000,000.</summary>
    public long MaximumPromptLogprobsTogether { get; set; } = 4_000_000;

    /// <summary>
    /// Log-probabilities of a request's answers ("logprobs", "top_logprobs"), at most: the tokens that an answer may have, times likeliest tokens asked for and one, times answers. Where a request names no length, what the model's
    /// window and memory leave counts, so that one with a long window needs "max_tokens" then. Default 4,000,000.
    /// </summary>
    public int MaximumAnswerLogprobs { get; set; } = 4_000_000;

    /// <summary>The same of all requests whose answers are being made or wait to be read; one that goes beyond is refused with 503. Default 16,000,000.</summary>
    public long MaximumAnswerLogprobsTogether { get; set; } = 16_000_000;

    /// <summary>
    /// Whether requests may say how soon they come ("priority", lower is sooner): whoever holds a key then goes before all others' by saying so. False: a "priority" other than 0 is refused. True (the default): each
    /// counts, and <see cref="Generation.GenerationEngineOptions.OvertakingLimit"/> alone bounds how often one goes before.
    /// </summary>
    public bool AllowsPriority { get; set; } = true;

    /// <summary>
    /// Whether a request with a field that is not known here is refused. False (the default): such fields are left unheeded, as OpenAI's other servers do, and named in the log at the level Debug; those that begin with
    /// "longcontext_" are refused in any case.
    /// </summary>
    public bool RefusesUnknownFields { get; set; }

    /// <summary>Stop strings of a request. Default 16.</summary>
    public int MaximumStopStrings { get; set; } = 16;

    /// <summary>Characters of one stop string, since text that could become one is held back; and of one of "bad_words". Default 1,024.</summary>
    public int MaximumStopStringLength { get; set; } = 1024;

    /// <summary>Answers that one request may ask for ("n"), to each of its prompts; each has its place at the model. Default 8.</summary>
    public int MaximumChoices { get; set; } = 8;

    /// <summary>Prompts that a completion may bring together, and, where there are several, prompts times answers to each ("n"); each answer has its place at the model, while <see cref="RequestsPerMinute"/> counts one request. Default 32.</summary>
    public int MaximumPrompts { get; set; } = 32;

    /// <summary>Tokens that a request may name in "logit_bias", in "stop_token_ids" and as a cut's "marker", and texts in "bad_words" and in a choice ("guided_choice"), of each. Default 1,024.</summary>
    public int MaximumNamedTokens { get; set; } = 1024;

    /// <summary>Tokens of a request's text or of a prompt that comes as tokens, of each where there are several; functions and their calls included, the template's own left out. Null (the default): the model's window alone counts.</summary>
    public int? MaximumPromptTokens { get; set; }

    /// <summary>Tokens of an answer that a request may ask for. One that names no length has the model's own, and one that asks for the rest what window and memory leave, up to here. Null (the default): the model's window alone counts.</summary>
    public int? MaximumOutputTokens { get; set; }

    /// <summary>Requests a minute of each key, of all together where there are no keys; as many may come at once. At most 600,000,000. Null (the default): no such limit.</summary>
    public int? RequestsPerMinute { get; set; }

    /// <summary>How long a request may take, its wait included; a client may then take as long to read a whole answer. Default: ten minutes.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a client may take to read the next 32 KiB of an answer before its connection is cut: it counts for each part, so that a long answer may take longer. Default: 15 seconds.</summary>
    public TimeSpan SlowReaderTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>After so long without a piece of the answer a stream gets a line of comment, so that nobody between takes it for dead. Default: 15 seconds.</summary>
    public TimeSpan KeepAliveInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a connection may take to send its headers. Default: 10 seconds.</summary>
    public TimeSpan HeadersTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Pieces of an answer by which the model may be ahead of the client that reads it. A slow reader so keeps nobody else from the model until it is as far behind, and then only as long as it takes each part within
    /// <see cref="SlowReaderTimeout"/> and all of them within <see cref="RequestTimeout"/>. Default 16,384.
    /// </summary>
    public int MaximumBufferedPieces { get; set; } = 16_384;
}

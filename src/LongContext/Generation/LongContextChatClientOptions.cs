using LongContext.Chat;
using LongContext.Evaluation;
using LongContext.Models;

namespace LongContext.Generation;

/// <summary>Options of a <see cref="LongContextChatClient"/>.</summary>
public sealed record LongContextChatClientOptions
{
    /// <summary>The model's name in answers and metadata. Null (the default): the name of the folder it was loaded from, else its type in config.json.</summary>
    public string? ModelId { get; init; }

    /// <summary>
    /// Tokens of prompt and answer together, at most the model's window. Null (the default): the window that config.json states, times the factor where the scaling counts from
    /// the trained window (dynamic NTK). A model that shall read more is extended (<see cref="ModelLoadOptions.RopeScaling"/>, <see cref="CausalLanguageModel.ExtendTo"/>) or, where config.json is
    /// known to say too little, loaded with another window (<see cref="ModelLoadOptions.ContextLength"/>).
    /// </summary>
    public int? ContextLength { get; init; }

    /// <summary>
    /// Whether prompts and answers may be longer than <see cref="ContextLength"/>: to measure what becomes of the model there. Default: false; then a longer prompt is
    /// refused, and an answer ends where the window does.
    /// </summary>
    public bool AllowsBeyondContext { get; init; }

    /// <summary>
    /// How tokens are chosen where a request does not say. Null (the default): as the model's makers suggest in generation_config.json (<see cref="GenerationOptions.FromConfig"/>), greedily where there is
    /// no such file. An answer then has the length that the file states; where it states max_length alone, it ends there, and where it states neither, what window and memory leave is its own. What is given
    /// here counts as it is: <c>new()</c> for greedy answers of at most 256 tokens whatever the file says, <c>GenerationOptions.FromFolder(folder) with { … }</c> to change single values of it.
    /// </summary>
    /// <remarks>
    /// Stop tokens are those of the model (<see cref="CausalLanguageModel.StopTokenIds"/>) and the chat format together, unless <see cref="GenerationOptions.StopTokenIds"/> are given, which take their
    /// place. <see cref="GenerationOptions.Seed"/> and the number of the request give the seed of a request without one. A model to evaluate
    /// (<see cref="LongContextChatClient.ToEvaluationModel"/>) takes nothing from the file but stop tokens.
    /// </remarks>
    public GenerationOptions? Generation { get; init; }

    /// <summary>
    /// How conversations are written: thinking, date. Default: as the model's template does it by itself. Its clock also dates the answers. Whether the assistant's turn is opened or its last message
    /// gone on with, each request says: <see cref="ChatRenderOptions.AddGenerationPrompt"/> does not count here, and <see cref="ChatRenderOptions.ContinueFinalTurn"/> is refused.
    /// </summary>
    public ChatRenderOptions Rendering { get; init; } = new();

    /// <summary>
    /// Whether what a model thinks before it answers comes apart from the answer, as <see cref="Microsoft.Extensions.AI.TextReasoningContent"/>, where the chat format says how thoughts are marked
    /// (<see cref="ChatFormat.ReasoningTags"/>). Default true; false leaves thoughts and tags in the text. A request may say otherwise (<see cref="ChatOptionKeys.SeparateReasoning"/>).
    /// </summary>
    public bool SeparatesReasoning { get; init; } = true;

    /// <summary>How <see cref="LongContextChatClient.Load"/> loads the model. Default: as it lies in the folder, on the CPU.</summary>
    public ModelLoadOptions Loading { get; init; } = new();

    /// <summary>
    /// How a <see cref="GenerationEngine"/> of the client's own has the requests to a model of <see cref="LongContextChatClient.Load"/> answered, many at once; the constructors, which are given a model or an
    /// engine, refuse anything but the default or null. Default: an engine with all defaults. Null: one
    /// request at a time, by a <see cref="TextGenerator"/>. Where <see cref="Generation"/> asks for what only that does (<see cref="GenerationOptions.RerotateCachedKeys"/>,
    /// <see cref="GenerationOptions.DropsContextAtOriginalWindow"/>, with a model that they matter to), there is no engine either, and the logger is told.
    /// </summary>
    public GenerationEngineOptions? Engine { get; init; } = new();

    /// <summary>
    /// What conversations are written with. Null (the default): for <see cref="LongContextChatClient.Load"/> the folder's chat template, for the constructors the format that they are given; without
    /// one the client goes on with the text it is given.
    /// </summary>
    public ChatFormat? ChatFormat { get; init; }

    /// <summary>
    /// Blanks in answers that are held to a JSON schema, where a request does not say (<see cref="ChatOptionKeys.JsonWhitespace"/>). Null (the default): none where the schema is strict, as
    /// OpenAI's protocol and the additional property "strict" say it; else limited ones.
    /// </summary>
    public JsonWhitespace? JsonWhitespace { get; init; }

    /// <summary>
    /// Whether disposing the client disposes a model that was given to its constructor. Default: false. What <see cref="LongContextChatClient.Load"/> loaded, it always
    /// disposes.
    /// </summary>
    public bool OwnsModel { get; init; }

    /// <summary>
    /// Whether disposing the client disposes an engine that was given to its constructor; with <see cref="OwnsModel"/> the engine's model too, after it. Default: false.
    /// </summary>
    public bool OwnsEngine { get; init; }

    /// <summary>Tokens of prompt and answer at which an answer ends that nobody gave a length, where <see cref="Generation"/> is given and says nothing of it (<see cref="ClientDefaults.AnswerEnd"/>). Null (the default): its own length counts.</summary>
    internal int? AnswerEnd { get; init; }

    /// <summary>Whether <see cref="LongContextChatClient.Load"/> takes a folder whose chat template is not known here: text is gone on with, and chats are refused. Default false: the folder is refused.</summary>
    internal bool TakesUnknownTemplate { get; init; }

    /// <summary>Why chats are refused, where the folder's template is not known here; null where they are not.</summary>
    internal string? UnknownTemplate { get; init; }

    /// <exception cref="ArgumentException">One or more values cannot be used; the message lists all.</exception>
    internal void Validate()
    {
        var faults = new List<string>();
        if (ModelId is { Length: 0 }) faults.Add("ModelId is empty, expected a name or null");
        if (ContextLength is < 2) faults.Add($"ContextLength must be at least 2, but is {ContextLength}");
        if (Rendering is null) faults.Add("Rendering is null");
        else if (Rendering.ContinueFinalTurn) faults.Add($"Rendering: ContinueFinalTurn is each request's own (\"{ChatOptionKeys.ContinueFinalMessage}\")");
        if (Loading is null) faults.Add("Loading is null");
        if (EngineFault() is { } engine) faults.Add(engine);
        if (JsonWhitespace is { } blanks && !Enum.IsDefined(blanks)) faults.Add($"JsonWhitespace is {(int)blanks}, expected one of {string.Join(", ", Enum.GetNames<JsonWhitespace>())}");
        if (faults.Count > 0) throw new ArgumentException("LongContextChatClientOptions: " + string.Join("; ", faults) + ".");
        Generation?.Validate();
    }

    private string? EngineFault()
    {
        try
        {
            Engine?.Validate();
            return null;
        }
        catch (ArgumentException e)
        {
            return "Engine: " + e.Message.TrimEnd('.');
        }
    }
}

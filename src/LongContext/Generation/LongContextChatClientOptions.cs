using LongContext.Chat;
using LongContext.Models;

namespace LongContext.Generation;

/// <summary>Options of a <see cref="LongContextChatClient"/>.</summary>
public sealed class LongContextChatClientOptions
{
    /// <summary>The model's name in answers and metadata. Null (the default): the name of the folder it was loaded from, else its type in config.json.</summary>
    public string? ModelId { get; init; }

    /// <summary>
    /// Tokens of prompt and answer together. Null (the default): the window that config.json states, times the factor where the scaling counts from
    /// the trained window (dynamic NTK).
    /// </summary>
    public int? ContextLength { get; init; }

    /// <summary>
    /// Whether prompts and answers may be longer than <see cref="ContextLength"/>: to measure what becomes of the model there. Default: false; then a longer prompt is
    /// refused, and an answer ends where the window does.
    /// </summary>
    public bool AllowsBeyondContext { get; init; }

    /// <summary>
    /// How tokens are chosen where a request does not say: greedily and at most 256, by default. Its <see cref="GenerationOptions.StopTokenIds"/>, where they are given,
    /// take the place of those of config.json and the chat format; its <see cref="GenerationOptions.Seed"/> and the number of the request give the seed of a request without one.
    /// </summary>
    public GenerationOptions Generation { get; init; } = new();

    /// <summary>How conversations are written: thinking, date. Default: as the model's template does it by itself. Its clock also dates the answers.</summary>
    public ChatRenderOptions Rendering { get; init; } = new();

    /// <summary>How <see cref="LongContextChatClient.Load"/> loads the model. Default: as it lies in the folder, on the CPU.</summary>
    public ModelLoadOptions Loading { get; init; } = new();

    /// <summary>
    /// How a <see cref="GenerationEngine"/> of the client's own has the requests to a model of <see cref="LongContextChatClient.Load"/> answered, many at once. Default: an engine with all defaults. Null: one
    /// request at a time, by a <see cref="TextGenerator"/>. Where <see cref="Generation"/> asks for what only that does (<see cref="GenerationOptions.RerotateCachedKeys"/>,
    /// <see cref="GenerationOptions.DropsContextAtOriginalWindow"/>, with a model that they matter to), there is no engine either, and the logger is told.
    /// </summary>
    public GenerationEngineOptions? Engine { get; init; } = new();

    /// <summary>
    /// What conversations are written with by <see cref="LongContextChatClient.Load"/>. Null (the default): the folder's chat template; a folder without one makes a client
    /// that goes on with the text it is given.
    /// </summary>
    public ChatFormat? ChatFormat { get; init; }

    /// <summary>
    /// Whether disposing the client disposes a model that was given to its constructor. Default: false. What <see cref="LongContextChatClient.Load"/> loaded, it always
    /// disposes.
    /// </summary>
    public bool OwnsModel { get; init; }

    /// <summary>
    /// Whether disposing the client disposes an engine that was given to its constructor; with <see cref="OwnsModel"/> the engine's model too, after it. Default: false.
    /// </summary>
    public bool OwnsEngine { get; init; }

    /// <summary>The same, for a model and an engine that belong to the client.</summary>
    internal LongContextChatClientOptions Owning(bool engine) => new()
    {
        ModelId = ModelId,
        ContextLength = ContextLength,
        AllowsBeyondContext = AllowsBeyondContext,
        Generation = Generation,
        Rendering = Rendering,
        Loading = Loading,
        ChatFormat = ChatFormat,
        Engine = Engine,
        OwnsModel = true,
        OwnsEngine = engine,
    };

    /// <exception cref="ArgumentException">One or more values cannot be used; the message lists all.</exception>
    internal void Validate()
    {
        var faults = new List<string>();
        if (ModelId is { Length: 0 }) faults.Add("ModelId is empty, expected a name or null");
        if (ContextLength is < 2) faults.Add($"ContextLength must be at least 2, but is {ContextLength}");
        if (Generation is null) faults.Add("Generation is null");
        if (Rendering is null) faults.Add("Rendering is null");
        else if (Rendering.AddGenerationPrompt || Rendering.ContinueFinalTurn) faults.Add("Rendering: AddGenerationPrompt and ContinueFinalTurn are each request's own");
        if (Loading is null) faults.Add("Loading is null");
        if (EngineFault() is { } engine) faults.Add(engine);
        if (faults.Count > 0) throw new ArgumentException("LongContextChatClientOptions: " + string.Join("; ", faults) + ".");
        Generation!.Validate();
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

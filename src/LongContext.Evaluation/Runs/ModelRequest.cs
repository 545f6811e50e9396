using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Extensions.AI;

namespace LongContext.Evaluation.Runs;

/// <summary>One request: what goes to a client, and the key that its answer is kept under.</summary>
internal sealed class ModelRequest
{
    private const string KeyVersion = "longcontext.request.2";

    public ModelRequest(EvaluationModel model, EvaluationPrompt prompt, AnswerSettings settings)
    {
        Model = model;
        Prompt = prompt;
        Settings = settings;
        bool isCompletion = prompt.Style == PromptStyle.Completion;
        ContinuesMessage = model.ContinuesAnswers && !isCompletion && prompt.AnswerPrefix.Length > 0;
        UserText = ContinuesMessage ? prompt.Text : prompt.Text + prompt.AnswerPrefix;
        Key = FindKey(isCompletion);
    }

    public EvaluationModel Model { get; }

    public EvaluationPrompt Prompt { get; }

    public AnswerSettings Settings { get; }

    /// <summary>128 bits of SHA-256 over everything that decides the answer.</summary>
    public UInt128 Key { get; }

    public string UserText { get; }

    private bool ContinuesMessage { get; }

    public List<ChatMessage> Messages()
    {
        List<ChatMessage> messages = [];
        if (Prompt.System is { } system) messages.Add(new ChatMessage(ChatRole.System, system));
        messages.Add(new ChatMessage(ChatRole.User, UserText));
        if (ContinuesMessage) messages.Add(new ChatMessage(ChatRole.Assistant, Prompt.AnswerPrefix));
        return messages;
    }

    /// <summary>New ones each time: clients may write into them.</summary>
    public ChatOptions Options()
    {
        ChatOptions options = new()
        {
            MaxOutputTokens = Settings.MaximumNewTokens,
            Temperature = (float)Settings.Temperature,
            TopP = (float?)Settings.TopP,
            Seed = Settings.Seed,
        };
        // Servers end an answer at its first character where that is a stop sequence, however many tokens it must have; there the answer is cut once it is here.
        bool stops = Settings.MinimumNewTokens == 0 || Model.Scorer is not null;
        if (Settings.StopSequences.Count > 0 && stops) options.StopSequences = [.. Settings.StopSequences];
        AdditionalPropertiesDictionary further = [];
        if (Prompt.Style == PromptStyle.Completion) further[ChatOptionKeys.Completion] = true;
        if (ContinuesMessage)
        {
            further[ChatOptionKeys.ContinueFinalMessage] = true;
            further[ChatOptionKeys.AddGenerationPrompt] = false;
        }

        if (Settings.MinimumNewTokens > 0) further[ChatOptionKeys.MinimumNewTokens] = Settings.MinimumNewTokens;
        if (further.Count > 0) options.AdditionalProperties = further;
        return options;
    }

    /// <summary>Tokens of the prompt as the model's tokenizer counts them.</summary>
    public int CountPromptTokens() => Messages().Sum(message => Model.Tokenizer.CountTokens(message.Text));

    private UInt128 FindKey(bool isCompletion)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Number(long value)
        {
            Span<byte> bytes = stackalloc byte[sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
            hash.AppendData(bytes);
        }

        // Lengths go first, so that no two lists of texts look the same.
        void Text(string? text)
        {
            Number(text?.Length ?? -1);
            hash.AppendData(MemoryMarshal.AsBytes(text.AsSpan()));
        }

        Text(KeyVersion);
        Text(Model.Name);
        Text(Model.FindIdentity());
        Text(Prompt.System);
        Text(UserText);
        Text(ContinuesMessage ? Prompt.AnswerPrefix : null);
        Number(isCompletion ? 1 : 0);
        Number(Settings.MaximumNewTokens);
        Number(Settings.MinimumNewTokens);
        Number(BitConverter.DoubleToInt64Bits(Settings.Temperature));
        Number(Settings.TopP is { } topP ? BitConverter.DoubleToInt64Bits(topP) : -1);
        Number(Settings.Seed is null ? 0 : 1);
        Number(Settings.Seed ?? 0);
        Number(Settings.Attempt);
        Number(Settings.StopSequences.Count);
        foreach (string stop in Settings.StopSequences) Text(stop);
        return BinaryPrimitives.ReadUInt128BigEndian(hash.GetHashAndReset());
    }
}

using LongContext.AspNetCore.Protocol;
using LongContext.Evaluation;
using LongContext.Generation;
using Microsoft.Extensions.AI;
using GenerationRequest = LongContext.AspNetCore.Protocol.GenerationRequest;

namespace LongContext.AspNetCore.Serving;

/// <summary>Text that goes on.</summary>
internal sealed class TextWriting(string model, DateTimeOffset time, GenerationRequest request) : IAnswerWriting
{
    private readonly string id = "cmpl-" + Guid.NewGuid().ToString("N");
    private readonly long created = time.ToUnixTimeSeconds();
    private readonly ChatFinishReason?[] reasons = new ChatFinishReason?[request.Answers];
    private readonly UsageDetails?[] usages = new UsageDetails?[request.Answers];
    private readonly AdditionalPropertiesDictionary?[] last = new AdditionalPropertiesDictionary?[request.Answers];

    /// <summary>Of each answer, what was written of it, in UTF-16 units and in code points.</summary>
    private readonly (int Units, int Characters)[] written = new (int, int)[request.Answers];

    /// <summary>Of each prompt, what its tokens spell, where it came as tokens and is echoed.</summary>
    private readonly string?[] spelled = new string?[request.Prompts.Count];

    /// <summary>Of each prompt that was cut, the text that is left, once it is known.</summary>
    private readonly string?[] kept = new string?[request.Prompts.Count];

    /// <summary>Of each prompt, whether it was written, where it is echoed.</summary>
    private readonly bool[] echoed = new bool[request.Prompts.Count];

    /// <summary>Whether what is said besides differs from prompt to prompt.</summary>
    private bool HasSeveral => request.Prompts.Count > 1;

    public Task WriteAsync(AnswerWriter writer, ChatResponse[] responses)
    {
        TextChoice[] answers = [.. Enumerable.Range(0, request.Prompts.Count).SelectMany(prompt => AnswersTo(prompt, responses))];
        return writer.WriteAsync(200, Of(answers) with
        {
            Longcontext = HasSeveral ? null : AnswerParts.Notes(responses.Select(response => response.AdditionalProperties)),
            Usage = AnswerParts.Usage(Array.ConvertAll(responses, response => response.Usage), request.Prompts.Count),
        }, ProtocolJson.Plain.TextCompletion);
    }

    public void AddBeginning(AnswerWriter writer)
    {
        // What is said of the text itself, or is left of it, comes with it, and is not known yet.
        if (request.Prompt.EchoLogprobs is null && !request.CutsEcho) AddEchoes(writer);
    }

    public void AddPiece(AnswerWriter writer, AnswerPiece piece)
    {
        ChatResponseUpdate update = piece.Update;
        Keep(piece.Choice / request.Choices, update.AdditionalProperties);
        AddEcho(writer, piece.Choice / request.Choices, update.GetPromptLogProbabilities());
        reasons[piece.Choice] = update.FinishReason ?? reasons[piece.Choice];
        AnswerParts.Count(update, ref usages[piece.Choice]);
        if (update.FinishReason is not null) last[piece.Choice] = update.AdditionalProperties;
        string text = update.Text;
        ref (int Units, int Characters) place = ref written[piece.Choice];
        TextLogprobs? details = Details(update.GetLogProbabilities(), update.AdditionalProperties, text, place);
        place = (place.Units + text.Length, place.Characters + LogprobParts.CodePoints(text));
        if (text.Length > 0 || details is not null) Add(writer, piece.Choice, text, details: details);
    }

    public void AddEnd(AnswerWriter writer, bool includeUsage)
    {
        AddEchoes(writer);
        AnswerNotes? notes = HasSeveral ? null : AnswerParts.Notes(last);
        for (int i = 0; i < request.Answers; i++)
        {
            var end = new TextChoice(i, "", AnswerParts.FinishReason(reasons[i])) { Longcontext = HasSeveral ? AnswerParts.Notes(last[i]) : null };
            writer.AddEvent(Of(end) with { Longcontext = i == request.Answers - 1 ? notes : null }, ProtocolJson.Plain.TextCompletion);
        }

        if (includeUsage) writer.AddEvent(Of() with { Usage = AnswerParts.Usage(usages, request.Prompts.Count) }, ProtocolJson.Plain.TextCompletion);
    }

    /// <summary>The whole answers to one prompt.</summary>
    private TextChoice[] AnswersTo(int prompt, ChatResponse[] responses)
    {
        int first = prompt * request.Choices;
        IReadOnlyList<ChatLogProbability>? ofPrompt = responses[first].GetPromptLogProbabilities();
        Keep(prompt, responses[first].AdditionalProperties);
        TextLogprobs? before = Before(prompt, ofPrompt);
        Dictionary<string, PromptLogprob>?[]? scores = LogprobParts.Prompt(ofPrompt, request.Prompt.Logprobs);
        string echo = Echoed(prompt);
        return [.. responses.Skip(first).Take(request.Choices).Select((response, i) => new TextChoice(first + i, echo + response.Text, AnswerParts.FinishReason(response.FinishReason))
        {
            Logprobs = LogprobParts.Join(before, Details(response.GetLogProbabilities(), response.AdditionalProperties, response.Text, (0, LogprobParts.CodePoints(echo)))),
            PromptLogprobs = scores,
            Longcontext = HasSeveral ? AnswerParts.Notes(response.AdditionalProperties) : null,
        })];
    }

    private string Echoed(int place)
    {
        RequestPrompt prompt = request.Prompts[place];
        return !prompt.IsEchoed ? "" : kept[place] is { } left ? left : prompt.Tokens is null ? prompt.Messages[0].Text : spelled[place] ??= TokenPrompts.Text(prompt, hasAnswer: request.Options.MaxOutputTokens != 0);
    }

    /// <summary>Takes up what is left of a prompt that was cut.</summary>
    private void Keep(int prompt, AdditionalPropertiesDictionary? told) => kept[prompt] ??= told?.GetValueOrDefault(ChatOptionKeys.PromptText) as string;

    /// <summary>Of a piece's tokens, and of the one that ended the answer: it is no text, but whoever asks for one token more than is given counts on an entry for it.</summary>
    private static TextLogprobs? Details(IReadOnlyList<ChatLogProbability>? tokens, AdditionalPropertiesDictionary? told, string text, (int Units, int Characters) place)
    {
        TextLogprobs? details = LogprobParts.Text(tokens, text, place.Units, place.Characters);
        if (told?.GetValueOrDefault(ChatOptionKeys.StopToken) is not ChatLogProbability end) return details;
        return LogprobParts.Join(details, LogprobParts.Text([end], "", start: 0, place.Characters + LogprobParts.CodePoints(text)));
    }

    private TextLogprobs? Before(int prompt, IReadOnlyList<ChatLogProbability>? ofPrompt) => request.Prompt.EchoLogprobs is { } count ? LogprobParts.Echo(ofPrompt, Echoed(prompt), count) : null;

    /// <summary>Those of all prompts that are not there yet.</summary>
    private void AddEchoes(AnswerWriter writer)
    {
        for (int prompt = 0; prompt < echoed.Length; prompt++) AddEcho(writer, prompt, null);
    }

    /// <summary>Puts a prompt before all answers to it, once.</summary>
    private void AddEcho(AnswerWriter writer, int prompt, IReadOnlyList<ChatLogProbability>? ofPrompt)
    {
        if (echoed[prompt] || !request.Prompt.IsEchoed) return;
        echoed[prompt] = true;
        TextLogprobs? details = Before(prompt, ofPrompt);
        string echo = Echoed(prompt);
        // Tokens need not spell anything.
        if (echo.Length == 0 && details is null) return;
        for (int i = prompt * request.Choices; i < (prompt + 1) * request.Choices; i++)
        {
            written[i].Characters = LogprobParts.CodePoints(echo);
            Add(writer, i, echo, details: details);
        }
    }

    private void Add(AnswerWriter writer, int choice, string text, TextLogprobs? details = null) =>
        writer.AddEvent(Of(new TextChoice(choice, text, null) { Logprobs = details }), ProtocolJson.Plain.TextCompletion);

    private TextCompletion Of(params TextChoice[] choices) => new(id, "text_completion", created, model, choices);
}

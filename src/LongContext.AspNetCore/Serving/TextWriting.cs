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
    private readonly ChatFinishReason?[] reasons = new ChatFinishReason?[request.Choices];
    private readonly UsageDetails?[] usages = new UsageDetails?[request.Choices];
    private readonly List<AdditionalPropertiesDictionary?> last = [];

    /// <summary>Of each answer, what was written of it, in UTF-16 units and in code points.</summary>
    private readonly (int Units, int Characters)[] written = new (int, int)[request.Choices];

    /// <summary>What the prompt's tokens spell, where it came as tokens and is echoed.</summary>
    private string? spelled;

    /// <summary>Whether the text given was written, where it is echoed.</summary>
    private bool echoed;

    public Task WriteAsync(AnswerWriter writer, ChatResponse[] responses)
    {
        IReadOnlyList<ChatLogProbability>? ofPrompt = responses[0].GetPromptLogProbabilities();
        TextLogprobs? before = Before(ofPrompt);
        Dictionary<string, PromptLogprob>?[]? prompt = LogprobParts.Prompt(ofPrompt, request.Prompt.Logprobs);
        TextChoice[] answers = [.. responses.Select((response, i) => new TextChoice(i, Echoed + response.Text, AnswerParts.FinishReason(response.FinishReason))
        {
            Logprobs = LogprobParts.Join(before, Details(response.GetLogProbabilities(), response.AdditionalProperties, response.Text, (0, LogprobParts.CodePoints(Echoed)))),
            PromptLogprobs = prompt,
        })];
        return writer.WriteAsync(200, Of(answers) with { Longcontext = AnswerParts.Notes(responses.Select(response => response.AdditionalProperties)), Usage = AnswerParts.Usage(Array.ConvertAll(responses, response => response.Usage)) }, ProtocolJson.Plain.TextCompletion);
    }

    public void AddBeginning(AnswerWriter writer)
    {
        // What is said of the text itself comes with it, and is not known yet.
        if (request.Prompt.EchoLogprobs is null) AddEcho(writer, null);
    }

    public void AddPiece(AnswerWriter writer, AnswerPiece piece)
    {
        ChatResponseUpdate update = piece.Update;
        AddEcho(writer, update.GetPromptLogProbabilities());
        reasons[piece.Choice] = update.FinishReason ?? reasons[piece.Choice];
        AnswerParts.Count(update, ref usages[piece.Choice]);
        if (update.FinishReason is not null) last.Add(update.AdditionalProperties);
        string text = update.Text;
        ref (int Units, int Characters) place = ref written[piece.Choice];
        TextLogprobs? details = Details(update.GetLogProbabilities(), update.AdditionalProperties, text, place);
        place = (place.Units + text.Length, place.Characters + LogprobParts.CodePoints(text));
        if (text.Length > 0 || details is not null) Add(writer, piece.Choice, text, details: details);
    }

    public void AddEnd(AnswerWriter writer, bool includeUsage)
    {
        AddEcho(writer, null);
        AnswerNotes? notes = AnswerParts.Notes(last);
        for (int i = 0; i < request.Choices; i++)
            writer.AddEvent(Of(new TextChoice(i, "", AnswerParts.FinishReason(reasons[i]))) with { Longcontext = i == request.Choices - 1 ? notes : null }, ProtocolJson.Plain.TextCompletion);
        if (includeUsage) writer.AddEvent(Of() with { Usage = AnswerParts.Usage(usages) }, ProtocolJson.Plain.TextCompletion);
    }

    private string Echoed => !request.Prompt.IsEchoed ? "" : request.Prompt.Tokens is null ? request.Prompt.Messages[0].Text : spelled ??= TokenPrompts.Text(request);

    /// <summary>Of a piece's tokens, and of the one that ended the answer: it is no text, but whoever asks for one token more than is given counts on an entry for it.</summary>
    private static TextLogprobs? Details(IReadOnlyList<ChatLogProbability>? tokens, AdditionalPropertiesDictionary? told, string text, (int Units, int Characters) place)
    {
        TextLogprobs? details = LogprobParts.Text(tokens, text, place.Units, place.Characters);
        if (told?.GetValueOrDefault(ChatOptionKeys.StopToken) is not ChatLogProbability end) return details;
        return LogprobParts.Join(details, LogprobParts.Text([end], "", start: 0, place.Characters + LogprobParts.CodePoints(text)));
    }

    private TextLogprobs? Before(IReadOnlyList<ChatLogProbability>? ofPrompt) => request.Prompt.EchoLogprobs is { } count ? LogprobParts.Echo(ofPrompt, Echoed, count) : null;

    /// <summary>Puts the text given before all answers, once.</summary>
    private void AddEcho(AnswerWriter writer, IReadOnlyList<ChatLogProbability>? ofPrompt)
    {
        if (echoed || !request.Prompt.IsEchoed) return;
        echoed = true;
        TextLogprobs? details = Before(ofPrompt);
        // Tokens need not spell anything.
        if (Echoed.Length == 0 && details is null) return;
        for (int i = 0; i < request.Choices; i++)
        {
            written[i].Characters = LogprobParts.CodePoints(Echoed);
            Add(writer, i, Echoed, details: details);
        }
    }

    private void Add(AnswerWriter writer, int choice, string text, TextLogprobs? details = null) =>
        writer.AddEvent(Of(new TextChoice(choice, text, null) { Logprobs = details }), ProtocolJson.Plain.TextCompletion);

    private TextCompletion Of(params TextChoice[] choices) => new(id, "text_completion", created, model, choices);
}

using System.Text.Json;
using LongContext.Evaluation;
using Microsoft.Extensions.AI;

namespace LongContext.AspNetCore.Protocol;

/// <summary>The body of <c>POST /v1/completions</c>: text that the model goes on with as it is.</summary>
internal static class CompletionRequestReader
{
    /// <summary>As OpenAI has it where a request does not say.</summary>
    private const int DefaultTokens = 16;

    /// <exception cref="ProtocolException">A field is wrong, or asks for something that is not there.</exception>
    public static GenerationRequest Read(JsonElement body, OpenAIServerOptions limits)
    {
        if (body.ValueKind != JsonValueKind.Object) throw ProtocolException.Bad("The body is no JSON object.");
        var fields = new JsonFields(body);
        UnsupportedFields.RefuseInCompletions(fields);
        bool echo = fields.Boolean("echo") ?? false;
        int? ofPrompt = SamplingFields.ReadPromptLogprobs(fields), echoed = echo ? SamplingFields.TextLogprobs(fields) : null;
        GenerationRequest request = GenerationRequest.Of(
            fields, limits, "prompt", [new ChatMessage(ChatRole.User, Prompt(fields))],
            GenerationRequest.Length(fields, limits, least: ofPrompt is null && echoed is null ? 1 : 0) ?? Math.Min(DefaultTokens, limits.MaximumOutputTokens ?? DefaultTokens), echo, ofPrompt, echoed);
        SamplingFields.ReadTextLogprobs(fields, request.Options);
        (request.Options.AdditionalProperties ??= [])[ChatOptionKeys.Completion] = true;
        SchemaFields.Read(fields, limits, request.Options);
        return request;
    }

    private static string Prompt(JsonFields fields)
    {
        JsonElement prompt = fields.Find("prompt") ?? throw ProtocolException.Bad("'prompt' is missing, expected a string.", "prompt");
        if (prompt.ValueKind == JsonValueKind.String) return JsonFields.Text(prompt, "prompt");
        if (prompt.ValueKind != JsonValueKind.Array) throw JsonFields.Wrong("prompt", "a string", prompt);
        if (prompt.GetArrayLength() == 1 && prompt[0].ValueKind == JsonValueKind.String) return JsonFields.Text(prompt[0], "prompt[0]");
        throw ProtocolException.Unsupported("'prompt' is an array of tokens or of several texts, but only one text is supported: send one request for each.", "prompt");
    }
}

using System.Text.Json;
using LongContext.Evaluation;

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
        List<RequestPrompt> given = CompletionPrompt.Read(fields, limits);
        UnsupportedFields.RefuseInCompletions(fields, isText: given[0].Tokens is null);
        bool echo = fields.Boolean("echo") ?? false;
        int? echoLogprobs = echo ? SamplingFields.TextLogprobs(fields) : null, logprobs = SamplingFields.ReadPromptLogprobs(fields);
        RequestPrompt[] prompts = [.. given.Select(prompt => prompt with { IsEchoed = echo, EchoLogprobs = echoLogprobs, Logprobs = logprobs })];
        long length = GenerationRequest.Length(fields, least: prompts[0].Alternatives is null ? 1 : 0) ?? Math.Min(DefaultTokens, limits.MaximumOutputTokens ?? DefaultTokens);
        GenerationRequest request = GenerationRequest.Of(fields, limits, prompts, length, GenerationRequest.LengthField(fields));
        SamplingFields.ReadTextLogprobs(fields, request.Options);
        (request.Options.AdditionalProperties ??= [])[ChatOptionKeys.Completion] = true;
        // An echo shows what the model reads.
        if (echo && request.Options.AdditionalProperties.ContainsKey(ChatOptionKeys.TokenTruncation)) request.Options.AdditionalProperties[ChatOptionKeys.PromptText] = true;
        request.FormField = SchemaFields.Read(fields, limits, request.Options);
        return request;
    }
}

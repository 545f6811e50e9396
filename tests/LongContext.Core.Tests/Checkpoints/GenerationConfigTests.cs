using LongContext.Checkpoints;
using LongContext.TestSupport;

namespace LongContext.Core.Tests.Checkpoints;

public sealed class GenerationConfigTests
{
    [Fact]
    public void Parse_EveryField_IsRead()
    {
        GenerationConfig config = GenerationConfig.Parse(
            """
            {
              "bos_token_id": 1, "pad_token_id": 2, "eos_token_id": [151645, 151643], "do_sample": true, "temperature": 0.7, "top_k": 20, "top_p": 0.8, "min_p": 0.05, "typical_p": 0.95,
              "repetition_penalty": 1.05, "no_repeat_ngram_size": 3, "max_new_tokens": 2048, "max_length": 4096, "min_new_tokens": 2, "bad_words_ids": [[5], [6, 7]], "suppress_tokens": [8, 9],
              "num_beams": 4, "guidance_scale": 1.0, "stop_strings": ["x"], "penalty_alpha": null, "eta_cutoff": 0.0, "watermarking_config": {}, "transformers_version": "4.37.0", "mine": { "a": [] }
            }
            """,
            "here");
        Assert.Equal([151645, 151643], config.EndOfSentenceTokenIds);
        Assert.Equal((true, 0.7, 20, 0.8, 0.05, 0.95), (config.DoSample, config.Temperature, config.TopK, config.TopP, config.MinP, config.TypicalP));
        Assert.Equal((1.05, 3, 2048, 4096, 2), (config.RepetitionPenalty, config.NoRepeatNGramSize, config.MaximumNewTokens, config.MaximumLength, config.MinimumNewTokens));
        Assert.Equal([[5], [6, 7]], config.BadWordIds);
        Assert.Equal([8, 9], config.SuppressedTokenIds);
        Assert.Equal(["num_beams", "stop_strings"], config.UnusedFields);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"eos_token_id":null,"do_sample":null,"temperature":null,"top_k":null,"bad_words_ids":null,"suppress_tokens":null,"max_length":null}""")]
    public void Parse_AbsentOrNull_IsNothing(string json)
    {
        // Two records with the same empty lists are equal.
        GenerationConfig config = GenerationConfig.Parse(json, "here");
        Assert.Empty(config.EndOfSentenceTokenIds);
        Assert.Empty(config.UnusedFields);
        Assert.Equal((false, null, null, null, null), (config.DoSample, config.Temperature, config.TopK, config.TopP, config.RepetitionPenalty));
        Assert.Equal((null, null, null, 0, 0), (config.MaximumNewTokens, config.MaximumLength, config.MinimumNewTokens, config.BadWordIds.Count, config.SuppressedTokenIds.Count));
    }

    [Fact]
    public void Parse_OneEndOfSentence_IsAList() => Assert.Equal([7], GenerationConfig.Parse("""{"eos_token_id":7}""", "here").EndOfSentenceTokenIds);

    [Theory]
    [InlineData("""{"eos_token_id":"2"}""", "eos_token_id", "\"2\"", "whole number")]
    [InlineData("""{"eos_token_id":[2,null]}""", "eos_token_id", "null", "whole number")]
    [InlineData("""{"eos_token_id":[2,-1]}""", "eos_token_id", "-1", "at least 0")]
    [InlineData("""{"do_sample":1}""", "do_sample", "1", "true or false")]
    [InlineData("""{"temperature":"hot"}""", "temperature", "\"hot\"", "a number")]
    [InlineData("""{"temperature":-0.5}""", "temperature", "-0.5", "0 or more")]
    [InlineData("""{"top_k":1.5}""", "top_k", "1.5", "whole number")]
    [InlineData("""{"top_k":-1}""", "top_k", "-1", "at least 0")]
    [InlineData("""{"top_p":1.5}""", "top_p", "1.5", "0 to 1")]
    [InlineData("""{"min_p":-1}""", "min_p", "-1", "0 to 1")]
    [InlineData("""{"typical_p":0}""", "typical_p", "0", "more than 0")]
    [InlineData("""{"repetition_penalty":0}""", "repetition_penalty", "0", "more than 0")]
    [InlineData("""{"max_new_tokens":0}""", "max_new_tokens", "0", "at least 1")]
    [InlineData("""{"min_new_tokens":5,"max_new_tokens":4}""", "min_new_tokens", "5", "max_new_tokens (4)")]
    [InlineData("""{"bad_words_ids":[5]}""", "bad_words_ids", "5", "arrays of token ids")]
    [InlineData("""{"bad_words_ids":[[]]}""", "bad_words_ids", "[]", "none empty")]
    [InlineData("""{"bad_words_ids":[["a"]]}""", "bad_words_ids", "\"a\"", "token ids")]
    [InlineData("""{"suppress_tokens":true}""", "suppress_tokens", "true", "whole number")]
    [InlineData("[]", "here", "Array", "one JSON object")]
    [InlineData("{", "here", "", "not valid JSON")]
    public void Parse_WrongValue_NamesFieldFoundAndExpected(string json, string field, string found, string expected)
    {
        CheckpointFormatException e = Assert.Throws<CheckpointFormatException>(() => GenerationConfig.Parse(json, "here"));
        Assert.All(["here", field, found, expected], part => Assert.Contains(part, e.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Load_OfAFolder_ReadsItsFileOrSaysThatThereIsNone()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        Assert.Null(GenerationConfig.LoadIfPresent(folder.Path));
        Assert.Contains("generation_config.json", Assert.Throws<CheckpointFormatException>(() => GenerationConfig.Load(folder.Path)).Message, StringComparison.Ordinal);
        string file = folder["generation_config.json"];
        File.WriteAllText(file, """{"top_k":5}""");
        Assert.Equal((5, 5, 5), (GenerationConfig.Load(folder.Path).TopK, GenerationConfig.Load(file).TopK, GenerationConfig.LoadIfPresent(folder.Path)!.TopK));
        File.WriteAllText(file, """{"top_k":"5"}""");
        Assert.Contains(file, Assert.Throws<CheckpointFormatException>(() => GenerationConfig.Load(folder.Path)).Message, StringComparison.Ordinal);
    }
}

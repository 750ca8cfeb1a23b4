using System.Text;
using Tribunal.Protocols;
using Tribunal.Protocols.Chat;

namespace Tribunal.Tests.Protocols;

public sealed class TokenProbabilitiesTests
{
    private static readonly string[] Yes = ["yes"];
    private static readonly string[] No = ["no"];

    [Fact]
    public void The_probability_is_that_of_the_one_word_against_the_other_in_all_their_spellings()
    {
        IReadOnlyList<TokenChoice>? tokens = Read("""
            {"choices":[{"message":{"content":"Yes"},"logprobs":{"content":[{"token":"Yes","logprob":-0.5,"bytes":[89],"top_logprobs":[
              {"token":"Yes","logprob":-0.6931471805599453}, {"token":" YES","logprob":-1.3862943611198906}, {"token":"\u0120no","logprob":-1.3862943611198906}, {"token":"Maybe","logprob":-9}]}]}}]}
            """);
        Assert.Equal(0.75, TokenProbabilities.Of(tokens, Yes, No)!.Value, 12);
    }

    [Fact]
    public void The_last_place_where_the_answer_chose_one_of_the_words_counts()
    {
        Assert.Equal(0.2, TokenProbabilities.Of(
            [Place("No", ("yes", 0.1), ("no", 0.9)), Place(" reason", ("yes", 0.9)), Place("Yes", ("yes", 0.1), ("no", 0.4)), Place(".", ("yes", 1))], Yes, No)!.Value, 12);
    }

    [Fact]
    public void Where_the_answer_chose_neither_its_first_place_counts()
    {
        Assert.Equal(0.25, TokenProbabilities.Of([Place("Well", ("yes", 0.1), ("no", 0.3)), Place("then", ("yes", 0.5))], Yes, No)!.Value, 12);
        Assert.Null(TokenProbabilities.Of([Place("Well", ("so", 0.5))], Yes, No));
        Assert.Null(TokenProbabilities.Of(null, Yes, No));
        Assert.Null(TokenProbabilities.Of([], Yes, No));
    }

    [Fact]
    public void A_chosen_word_counts_where_its_own_rivals_leave_it_out()
    {
        Assert.Equal(0.8, TokenProbabilities.Of([new TokenChoice("Yes", Math.Log(0.4), [new TokenRival("no", Math.Log(0.1))])], Yes, No)!.Value, 12);
    }

    [Fact]
    public void A_streams_chunks_come_to_one_list_and_a_long_answer_keeps_its_first_token_and_its_last_ones()
    {
        using var answer = new ChatAnswer();
        for (int i = 0; i < 100; i++)
        {
            answer.Add(Encoding.UTF8.GetBytes($$$"""{"choices":[{"delta":{"content":"t"},"logprobs":{"content":[{"token":"t{{{i}}}","logprob":-1}]}}]}"""));
        }

        IReadOnlyList<TokenChoice> tokens = answer.ToReply().Tokens!;
        Assert.Equal("t0", tokens[0].Token);
        Assert.Equal("t99", tokens[^1].Token);
        Assert.Equal(32, tokens.Count);
        Assert.Equal(Enumerable.Range(69, 31).Select(static i => $"t{i}"), tokens.Skip(1).Select(static token => token.Token));
    }

    [Theory]
    [InlineData("""{"choices":[{"message":{"content":"a"},"logprobs":null}]}""")]
    [InlineData("""{"choices":[{"message":{"content":"a"},"logprobs":{"content":null}}]}""")]
    [InlineData("""{"choices":[{"message":{"content":"a"},"logprobs":{"content":[1,null,{"logprob":-1},{"token":2}]}}]}""")]
    [InlineData("""{"choices":[{"message":{"content":"a"},"logprobs":[{"token":"yes"}]}]}""")]
    public void What_is_no_list_of_tokens_is_passed_over_and_the_answer_stays(string body)
    {
        using var answer = new ChatAnswer();
        answer.Add(Encoding.UTF8.GetBytes(body));
        Assert.Equal("a", answer.ToReply().Text);
        Assert.Null(answer.ToReply().Tokens);
    }

    private static TokenChoice Place(string token, params (string Token, double Probability)[] rivals) =>
        new(token, double.NegativeInfinity, [.. rivals.Select(static rival => new TokenRival(rival.Token, Math.Log(rival.Probability)))]);

    private static IReadOnlyList<TokenChoice>? Read(string body)
    {
        using var answer = new ChatAnswer();
        answer.Add(Encoding.UTF8.GetBytes(body));
        return answer.ToReply().Tokens;
    }
}

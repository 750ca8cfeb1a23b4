using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Tribunal.Formats.Ledger;
using Tribunal.Judgements;

namespace Tribunal.Formats.Tests.Ledger;

public sealed class JudgementLineTests
{
    private const string Whole =
        """{"rolloutId":"a","sample":3,"protocol":"rrm","judge":"j","order":[1,0],"pair":[0,1],"seed":5,"outcome":"valid","finish":"stop","scores":null,"winner":1,"meta":0.25,"logProb":-0.5,"usage":{"input":12,"output":34},"latencyMs":1.5,"text":"an \"answer\" – ✓","reasoning":"<think>","task":"chat","route":"domain=math","tries":{"requests":2,"throttled":1,"unavailable":0,"reset":0,"timedOut":0,"malformed":0,"truncated":0},"hinted":true,"neutralised":2}""";

    [Fact]
    public void A_line_is_written_as_it_was_read_byte_for_byte() => Assert.Equal(Whole + "\n", Write(ReadTraced(Whole)));

    [Fact]
    public void Without_its_texts_everything_else_is_read()
    {
        var options = new JsonSerializerOptions(TribunalJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        string without = Write(ReadTraced(Whole) with { Text = null, Reasoning = null }).TrimEnd();
        Assert.Equal(without, JsonSerializer.Serialize(Read(Whole), new TribunalJson(options).Judgement));
        Assert.Equal(without, JsonSerializer.Serialize(ReadTraced(Whole).WithoutTrace(), new TribunalJson(new JsonSerializerOptions(options)).Judgement));
    }

    [Fact]
    public void What_texts_look_like_is_kept_in_their_place_where_it_is_asked_for()
    {
        Assert.Null(Read(Whole).Traits);
        Judgement judgement = JudgementLine.ReadWithTraits(Encoding.UTF8.GetBytes(Whole));
        Assert.IsNotType<TracedJudgement>(judgement);
        Assert.Equal(ReasoningTraits.Of("<think>", "an \"answer\" – ✓").Values, judgement.Traits!.Values);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_a_line_does_not_say_or_says_to_be_null_is_not_there_and_what_nobody_knows_is_passed_over(bool withText)
    {
        const string Line = """{"later":{"a":[1,{"b":null}]},"rolloutId":"a","sample":0,"protocol":"grm","judge":"j","order":[0],"outcome":"refused","pair":null,"why":null,"winner":null,"scores":null,"meta":null,"logProb":null,"task":null,"route":null,"tries":null,"neutralised":null,"text":null,"reasoning":null}""";
        Judgement judgement = withText ? ReadTraced(Line) : Read(Line);
        Assert.Equal(JudgementOutcome.Refused, judgement.Outcome);
        Assert.Equal([0], judgement.Order);
        Assert.Null(judgement.Pair);
        Assert.Null(judgement.Scores);
        Assert.Null(judgement.Winner);
        Assert.Null(judgement.Tries);
        Assert.False(judgement.Hinted);
        Assert.Equal(default, judgement.Usage);
    }

    [Fact]
    public void Texts_that_are_not_asked_for_may_be_anything() =>
        Assert.Equal("a", Read(Whole.Replace("\"an \\\"answer\\\" – ✓\"", "\"\\ud800\"", StringComparison.Ordinal)).RolloutId);

    [Theory]
    [InlineData("[1]", "a judgement is an object")]
    [InlineData("null", "a judgement is an object")]
    [InlineData("""{"sample":1}""", "rolloutId is missing")]
    [InlineData("""{"rolloutId":"a","sample":1,"protocol":"p","judge":null,"order":[0],"outcome":"valid"}""", "judge is missing")]
    [InlineData("""{"rolloutId":"a","sample":"1","protocol":"p","judge":"j","order":[0],"outcome":"valid"}""", "sample has the wrong type or is out of range")]
    [InlineData("""{"rolloutId":"a","sample":99999999999,"protocol":"p","judge":"j","order":[0],"outcome":"valid"}""", "sample has the wrong type or is out of range")]
    [InlineData("""{"rolloutId":"a","sample":1,"protocol":"p","judge":"j","order":[0],"outcome":"maybe"}""", "outcome has the wrong type or is out of range")]
    [InlineData("""{"rolloutId":"a","sample":1,"protocol":"p","judge":"j","order":[0],"outcome":2}""", "outcome has the wrong type or is out of range")]
    [InlineData("""{"rolloutId":"a","sample":1,"protocol":"p","judge":"j","order":[0],"outcome":"valid","usage":7}""", "usage has the wrong type or is out of range")]
    [InlineData("""{"rolloutId":"a","sample":1,"protocol":"p","judge":"j","order":[0],"outcome":"valid"}{}""", "more follows than one object")]
    public void What_is_no_judgement_is_said_in_the_words_of_the_form(string line, string why)
    {
        Assert.Equal(why, Assert.Throws<JsonException>(() => ReadTraced(line)).Message);
        Assert.Equal(why, Assert.Throws<JsonException>(() => Read(line)).Message);
    }

    [Fact]
    public void A_line_that_is_cut_is_a_JsonException_wherever_the_cut_is()
    {
        byte[] line = Encoding.UTF8.GetBytes(Whole);
        for (int length = 0; length < line.Length; length++)
        {
            string message = Assert.ThrowsAny<JsonException>(() => length % 2 == 0 ? JudgementLine.ReadTraced(line.AsSpan(0, length)) : JudgementLine.Read(line.AsSpan(0, length))).Message;
            Assert.DoesNotContain("Tribunal.", message, StringComparison.Ordinal);
        }
    }

    private static Judgement Read(string line) => JudgementLine.Read(Encoding.UTF8.GetBytes(line));

    private static TracedJudgement ReadTraced(string line) => JudgementLine.ReadTraced(Encoding.UTF8.GetBytes(line));

    private static string Write(TracedJudgement judgement)
    {
        var buffer = new ArrayBufferWriter<byte>();
        JudgementLine.Write(buffer, judgement);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}

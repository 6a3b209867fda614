-- A fictional sports club. Every personal value holds the word that the tests look for: "canary" and the member's region.
CREATE TABLE members AS
SELECT
    i AS member_id,
    CASE WHEN i <= 40 THEN 'North' WHEN i <= 72 THEN 'South' ELSE 'Islands' END AS region,
    'Canary' || CASE WHEN i <= 40 THEN 'North' WHEN i <= 72 THEN 'South' ELSE 'Islands' END || 'name' || i AS full_name,
    'canary.' || CASE WHEN i <= 40 THEN 'north' WHEN i <= 72 THEN 'south' ELSE 'islands' END || i || '@club.example' AS email,
    DATE '1960-01-01' + CAST(i * 97 AS INTEGER) AS birth_date,
    'canary-secret-' || i AS password_hash,
    CASE WHEN i % 3 = 0 THEN 'Gold' ELSE 'Standard' END AS tier
FROM range(1, 76) AS t(i);

CREATE TABLE payments AS
SELECT
    row_number() OVER (ORDER BY m.member_id, k) AS payment_id,
    m.member_id,
    DATE '2025-01-15' + CAST(k * 30 AS INTEGER) AS paid_on,
    CAST(10 + (m.member_id * 7 + k * 3) % 50 AS DECIMAL(10, 2)) AS amount,
    -- A product that only members in the South buy: its very name is news to somebody who may see the North alone.
    CASE WHEN m.region = 'South' AND k = 2 THEN 'Canarysouth Sailing' WHEN k % 2 = 0 THEN 'Tennis' ELSE 'Swimming' END AS sport
FROM members AS m CROSS JOIN range(0, 6) AS t(k);

CREATE TABLE messages AS
SELECT member_id AS message_id, member_id, DATE '2025-05-01' AS sent_on, 'canary text: I am ' || full_name AS body
FROM members;
